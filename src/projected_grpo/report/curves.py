"""The training curves of a comparison: blatant hacks and solving by step, and take-off beside."""

from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from projected_grpo.report import survival_plot
from projected_grpo.report.compare import RUN, Comparison
from projected_grpo.report.style import STYLE, dress, label, line, looks, title

PANELS = {
    "blatant": "blatant hack rate",
    "correct": "solve rate (passes the ground truth)",
}
# A mean's line has about so many marks.
MARKS = 8
# That a row of the legend has room for, and those that a name's line takes.
LETTERS, BEFORE = 150, 10


@matplotlib.rc_context(STYLE)
def figure(comparison: Comparison, panels: Mapping[str, str] = PANELS) -> Figure:
    """A thin line is a run, a thick one the mean over an arm's runs; take-offs as Kaplan-Meier.

    panels: the title of each, by its column of counts in `train`.
    """
    drawing = Figure(figsize=(14, 4.6), dpi=150, layout="constrained")
    *axes, last = drawing.subplots(1, len(panels) + 1)
    for ax, (column, heading) in zip(axes, panels.items(), strict=True):
        lines = _lines(ax, comparison, column)
        dress(ax, heading)
        ax.set_ylim(bottom=0)
    survival_plot.draw(last, comparison)
    dress(last, survival_plot.TITLE)
    axes[0].set_ylabel("% of the step's training rollouts")
    drawing.suptitle(title(comparison), x=0.01, ha="left", fontsize=11)
    names = [label(comparison, arm) for arm in comparison.arms]
    drawing.legend(
        lines,
        names,
        loc="outside lower center",
        ncols=max(1, LETTERS // (BEFORE + max(len(name) for name in names))),
        title="thin: a run; thick: the mean over an arm's runs",
        title_fontsize=9.5,
    )
    return drawing


def _lines(ax: Axes, comparison: Comparison, column: str) -> list[Line2D]:
    """The arms' means, in the arms' order, over the runs' own lines."""
    lines = []
    for arm, style in _line_styles(comparison).items():
        rows = comparison.train.filter(pl.col("arm") == arm)
        for run in rows.partition_by(RUN, maintain_order=True):
            own = 100 * run[column] / run["n"]
            ax.plot(run["step"], own, **{**style, "linewidth": 0.7, "alpha": 0.4, "marker": None})
        rate = 100 * pl.col(column) / pl.col("n")
        mean = rows.group_by("step").agg(rate=rate.mean()).sort("step")
        every = max(1, len(mean) // MARKS)
        # Marks of several arms at one height do not cover each other.
        shifted = (len(lines) % every, every)
        lines += ax.plot(
            mean["step"], mean["rate"], zorder=3, clip_on=False, markevery=shifted, **style
        )
    return lines


def _line_styles(comparison: Comparison) -> dict[str, dict[str, Any]]:
    known = looks(comparison)
    # Thick lines below thin ones: arms that coincide, at zero say, stay visible.
    widths = np.linspace(3, 1.6, len(known))
    styles = {}
    for (arm, look), width in zip(known.items(), widths, strict=True):
        styles[arm] = {**line(look), "linewidth": float(width), "markersize": 4 + float(width)}
    return styles
