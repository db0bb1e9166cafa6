"""What grows: strict hacks by the form of their test function, by step and arm, side by side."""

from dataclasses import replace

import polars as pl
from matplotlib.figure import Figure

from projected_grpo.report import curves
from projected_grpo.report.compare import RUN, Comparison

PANELS = {
    "empty": "strict hacks, empty body",
    "prints": "strict hacks, printing",
    "swallowing": "strict hacks, swallowing failures",
}


def figure(comparison: Comparison) -> Figure:
    """Drawn as the training curves are, with a column of counts in `train` for each form."""
    keys = [*RUN, "step"]
    train = comparison.train
    for form in PANELS:
        own = comparison.kinds.filter(kind=form).select(*keys, pl.col("hacks").alias(form))
        train = train.join(own, on=keys, how="left", maintain_order="left")
    counted = replace(comparison, train=train.with_columns(pl.col(*PANELS).fill_null(0)))
    return curves.figure(counted, PANELS)
