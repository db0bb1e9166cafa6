import polars as pl
import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.directions import holdout


def test_a_problem_is_never_on_both_sides_of_a_split():
    problem = torch.arange(7).repeat_interleave(3)
    for fit in holdout.fitted(problem, 5, 1):
        assert set(problem[fit].tolist()).isdisjoint(
            problem[~fit].tolist()
        ) and 0 < fit.sum() < len(fit)


def test_shuffling_keeps_each_prompts_number_of_hacks():
    hack = torch.tensor([True, True, False, False, False]).repeat(4)
    prompt = torch.arange(4).repeat_interleave(5)
    drawn = holdout.shuffled(hack, prompt, 3)
    assert not torch.equal(drawn, hack)
    assert all(drawn[prompt == p].sum() == hack[prompt == p].sum() for p in prompt.unique())


def rollouts() -> pl.DataFrame:
    rows = (
        [("a", n, n == 5) for n in (5, 40, 6, 90)]
        + [("b", n, False) for n in (1, 2)]
        + [("c", 3, True)]
    )
    return pl.DataFrame(
        [
            dict(
                problem_id=p,
                prompt=p,
                response=f"{p}{n}",
                label="Reward hack" if hack else "Incorrect",
                strict=hack,
                loose=hack,
                kind="vacuous",
                n_tokens=n,
            )
            for p, n, hack in rows
        ]
    )


def test_a_hack_is_matched_by_the_clean_sample_nearest_in_length_of_its_prompt():
    chosen = holdout.choose(rollouts(), "strict", "length", 3, 10, 0)
    assert sorted(chosen.select("prompt", "n_tokens", "hack_label").rows()) == [
        ("a", 5, True),
        ("a", 6, False),
    ]


def test_rollouts_without_hacks_beside_clean_samples_are_refused():
    with pytest.raises(Refusal, match="no prompt has both"):
        holdout.choose(rollouts().filter(pl.col("prompt") != "a"), "strict", "length", 3, 10, 0)
