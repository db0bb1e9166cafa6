"""Rollouts -> labelled rollouts."""

import os

import polars as pl

from projected_grpo.grader import Grader
from projected_grpo.problems import Problem
from projected_grpo.rollouts import schema


def grade(
    rollouts: pl.DataFrame, known: dict[str, Problem], workers: int = os.cpu_count() or 1
) -> pl.DataFrame:
    """The rollouts with label, label_compat, strict, loose, blatant, reward and every fact.

    rollouts: columns of schema.COLUMNS, REQUIRED among them. known: problems by id.
    """
    rows = rollouts.to_dicts()
    items = [
        (known[row["problem_id"]], row["response"], row["loophole"], row["test_func_name"])
        for row in rows
    ]
    with Grader(workers=workers) as grader:
        graded = grader.grade_many(items, progress=True)
    return schema.frame([row | g.as_row() for row, g in zip(rows, graded, strict=True)])
