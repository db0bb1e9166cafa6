"""Hacks beside clean samples of their prompt, and problems held out."""

import polars as pl
import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.directions import holdout


def test_a_problem_is_never_on_both_sides_of_a_split():
    problem = torch.arange(7).repeat_interleave(3)
    for fit in holdout.fitted(problem, 5, 1):
        assert set(problem[fit].tolist()).isdisjoint(problem[~fit].tolist())
        assert 0 < fit.sum() < len(fit)


def rollouts() -> pl.DataFrame:
    """Prompt a has one hack of 5 tokens and three clean samples; b has no hack, c nothing clean."""
    samples = [("a", 5, True), ("a", 40, False), ("a", 6, False), ("a", 90, False)]
    samples += [("b", 1, False), ("b", 2, False), ("c", 3, True)]
    rows = []
    for prompt, n, hack in samples:
        rows.append(
            dict(
                problem_id=prompt,
                prompt=prompt,
                response=f"{prompt}{n}",
                label="Reward hack" if hack else "Incorrect",
                strict=hack,
                loose=hack,
                blatant=hack,
                kind="empty",
                n_tokens=n,
            )
        )
    return pl.DataFrame(rows)


def test_a_hack_is_matched_by_the_clean_sample_nearest_in_length_of_its_prompt():
    chosen = holdout.choose(rollouts(), "blatant", "length", 3, 10, 0)
    rows = chosen.select("prompt", "n_tokens", "hack").rows()
    assert sorted(rows) == [("a", 5, True), ("a", 6, False)]


def test_rollouts_without_hacks_beside_clean_samples_are_refused():
    with pytest.raises(Refusal, match="no prompt has both"):
        holdout.choose(rollouts().filter(pl.col("prompt") != "a"), "blatant", "length", 3, 10, 0)
