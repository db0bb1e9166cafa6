"""What grows: strict hacks by the form of their test function, by step and arm, side by side."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from projected_grpo.report import curves
from projected_grpo.report.compare import RUN, Comparison

PANELS = {
    "empty": "strict hacks, empty body",
    "prints": "strict hacks, printing",
    "swallowing": "strict hacks, swallowing failures",
}


def draw(comparison: Comparison, path: Path) -> None:
    """Write the PNG, drawn as the training curves are."""
    curves.draw(counted(comparison), path, PANELS)


def beside(plot: Path) -> Path:
    """The file's name, beside that of the training curves."""
    return plot.with_stem(f"{plot.stem}-forms")


def counted(comparison: Comparison) -> Comparison:
    """With a column of counts in `train` for each form."""
    keys = [*RUN, "step"]
    train = comparison.train
    for form in PANELS:
        own = comparison.kinds.filter(kind=form).select(*keys, pl.col("hacks").alias(form))
        train = train.join(own, on=keys, how="left", maintain_order="left")
    return replace(comparison, train=train.with_columns(pl.col(*PANELS).fill_null(0)))
