"""When a run starts to hack."""

import polars as pl


def steps_to_hack(steps: pl.DataFrame) -> int | None:
    """The first step with more strict hacks than correct answers, None if there is none.

    steps: one row a training step of one run, columns step, strict, correct (counts).
    """
    return steps.filter(pl.col("strict") > pl.col("correct"))["step"].min()
