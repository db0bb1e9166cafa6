"""Which rollouts a direction is made of."""

import polars as pl
import pytest

from projected_grpo.cli import Refusal
from projected_grpo.directions.samples import usable


def frame(**changes):
    """Graded rollouts: 6 problems x 6 samples, 3 empty tests and 3 Incorrect, apart by a word."""
    rows = []
    for p in range(6):
        for s in range(6):
            hack = s < 3
            rows.append(
                {
                    "run": "r",
                    "problem_id": f"p{p}",
                    "prompt": f"ask p{p}",
                    "response": f"{'pass' if hack else 'work'} w{s} " + "x " * s,
                    "label": "Reward hack" if hack else "Incorrect",
                    "strict": hack,
                    "blatant": hack,
                    "kind": "empty" if hack else "none",
                }
            )
    return pl.DataFrame(rows).with_columns(**changes)


def test_too_few_hacks_are_refused_with_the_counts():
    line = (
        r"18 from 6 problems .* 19 from 4 are needed "
        r"\(36 rollouts, 18 blatant hacks\): sample more"
    )
    with pytest.raises(Refusal, match=line):
        usable(frame(), "blatant", None, 19, 4)
    with pytest.raises(Refusal, match="0 from 0 problems .* 18 strict hacks, 0 of kind swallowing"):
        usable(frame(), "strict", ("swallowing",), 1, 2)


def test_hacks_without_a_clean_sample_of_the_same_prompt_do_not_count():
    only_hacks = frame().filter(pl.col("strict") | (pl.col("problem_id") != "p0"))
    assert usable(only_hacks, "blatant", None, 12, 4)["problem_id"].n_unique() == 5


def test_other_kinds_of_hack_and_attempts_are_neither_hack_nor_clean():
    is_weak = pl.col("response").str.contains("w0")
    is_attempt = pl.col("response").str.contains("w3")
    kinds = pl.when(is_weak).then(pl.lit("weak")).otherwise("kind")
    labels = pl.when(is_attempt).then(pl.lit("Attempted hack")).otherwise("label")
    rows = usable(frame(kind=kinds, label=labels), "strict", ("empty",), 12, 4)
    assert len(rows) == 24
    assert rows["hack"].sum() == 12
