"""Rollouts -> labelled rollouts."""

import os

import polars as pl

from projected_grpo import problems
from projected_grpo.grader import Grader


def grade(
    rollouts: pl.DataFrame, known: dict[str, problems.Problem], workers: int = os.cpu_count() or 1
) -> pl.DataFrame:
    """The rollouts with label, strict, loose, reward and every fact. known: problems by id."""
    items = [
        (known[row["problem_id"]], row["response"], row["loophole"], row["test_func_name"])
        for row in rollouts.iter_rows(named=True)
    ]
    with Grader(workers=workers) as grader:
        return rollouts.hstack(
            pl.DataFrame([graded.as_row() for graded in grader.grade_many(items, progress=True)])
        )
