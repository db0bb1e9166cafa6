"""The training curves of a comparison as a PNG.

Blatant hack rate, strict hack rate and solve rate by step, side by side.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import polars as pl
from matplotlib.axes import Axes

# Without pyplot: no window system, no global state.
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from projected_grpo.report import roles
from projected_grpo.report.compare import Comparison
from projected_grpo.runs.files import replacing
from projected_grpo.stats.intervals import wilson

COLORS = {"reference": "#000000", "ceiling": "#888888"}
# Okabe and Ito's, told apart by colour-blind readers.
PALETTE = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#E69F00", "#56B4E9")
# What tells apart the lines of one colour. A control is never solid.
DASHES = ("-", "--", ":", "-.")
PANELS = {
    "blatant": "blatant hack rate",
    "strict": "strict hack rate",
    "correct": "solve rate (passes the ground truth)",
}
STYLE = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# With more steps than this, markers and the bands' edges would hide the lines.
FEW_STEPS = 15


def draw(comparison: Comparison, path: Path, panels: Mapping[str, str] = PANELS) -> None:
    """Write the PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE), replacing(path) as scratch:
        figure(comparison, panels).savefig(scratch, format="png")


def figure(comparison: Comparison, panels: Mapping[str, str] = PANELS) -> Figure:
    """A line is the mean over an arm's seeds, its band the lowest to the highest seed.

    panels: the title of each, by its column of counts in `train`.
    The band of an arm with one seed is the step's 95 % Wilson interval.
    """
    with matplotlib.rc_context(STYLE):
        drawing = Figure(figsize=(14, 4.6), dpi=150, layout="constrained")
        axes = drawing.subplots(1, len(panels), sharey=True)
        for ax, (column, title) in zip(axes, panels.items(), strict=True):
            lines = _lines(ax, comparison, column)
            _dress(ax, title)
        axes[0].set_ylabel("% of the step's training rollouts")
        axes[0].set_ylim(bottom=0)
        drawing.suptitle(_title(comparison), x=0.01, ha="left", fontsize=11)
        drawing.legend(
            lines,
            [_label(comparison, arm) for arm in comparison.arms],
            loc="outside lower center",
            ncols=min(len(lines), 5),
            frameon=False,
            title=_meaning(comparison),
            title_fontsize=9.5,
        )
    return drawing


def styles(comparison: Comparison) -> dict[str, tuple[str, str]]:
    """arm -> (colour, dash). A control is dashed, in its treatment's colour."""
    looks: dict[str, tuple[str, str]] = {}
    # (colour, whether controls) -> lines so far
    lines = Counter()
    palette_used = 0
    for arm in comparison.arms:
        role = comparison.definitions[arm]["role"]
        treatment = roles.treatment_of(comparison.definitions, arm)
        if role in COLORS:
            color = COLORS[role]
        elif treatment is not None:
            color, _ = looks[treatment]
        else:
            color = PALETTE[palette_used % len(PALETTE)]
            palette_used += 1
        is_control = role == "control"
        dashes = DASHES[1:] if is_control else DASHES
        looks[arm] = (color, dashes[lines[color, is_control] % len(dashes)])
        lines[color, is_control] += 1
    return looks


def band(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """rows of one arm (seed, step, n, `column` counts) -> step, mean, low, high in per cent."""
    rate = (100 * pl.col(column) / pl.col("n")).alias("rate")
    by_step = rows.select("seed", "step", "n", column, rate).group_by("step")
    steps = by_step.agg(
        pl.col("rate").mean().alias("mean"),
        pl.col("rate").min().alias("low"),
        pl.col("rate").max().alias("high"),
        pl.col(column).first().alias("k"),
        pl.col("n").first(),
    ).sort("step")
    if rows["seed"].n_unique() == 1:
        ends = 100 * np.array([wilson(k, n) for k, n in steps.select("k", "n").rows()])
        steps = steps.with_columns(pl.Series("low", ends[:, 0]), pl.Series("high", ends[:, 1]))
    return steps.select("step", "mean", "low", "high")


def _lines(ax: Axes, comparison: Comparison, column: str) -> list[Line2D]:
    """The arms' lines, in the arms' order."""
    looks = styles(comparison)
    # Thick lines below thin ones: arms that coincide, at zero say, stay visible.
    widths = np.linspace(3.6, 1.6, len(looks))
    lines = []
    for (arm, (color, dash)), width in zip(looks.items(), widths, strict=True):
        style = {"color": color, "linestyle": dash, "linewidth": float(width)}
        rows = comparison.train.filter(pl.col("arm") == arm)
        lines.append(_line(ax, band(rows, column), style))
    return lines


def _line(ax: Axes, steps: pl.DataFrame, style: dict[str, Any]) -> Line2D:
    """steps: as `band` gives them."""
    x, low, high, color = steps["step"], steps["low"], steps["high"], style["color"]
    ax.fill_between(x, low, high, facecolor=color, alpha=0.10, linewidth=0)
    marker = {}
    if len(steps) <= FEW_STEPS:
        # Bands overlap: their edges tell them apart.
        ax.plot(x, low, color=color, linewidth=0.7, alpha=0.45)
        ax.plot(x, high, color=color, linewidth=0.7, alpha=0.45)
        marker = {"marker": "o", "markersize": 2.2 * style["linewidth"]}
    (line,) = ax.plot(x, steps["mean"], zorder=3, clip_on=False, **style, **marker)
    return line


def _dress(ax: Axes, title: str) -> None:
    ax.set_title(title)
    ax.set_xlabel("training step")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)


def _label(comparison: Comparison, arm: str) -> str:
    n = len(comparison.of(arm))
    return f"{arm} ({n} seed{'s' if n > 1 else ''})"


def _title(comparison: Comparison) -> str:
    counts = comparison.train["n"]
    n = str(counts.min()) if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    return f"{comparison.group}: {comparison.facts['model']}, {n} rollouts a step"


def _meaning(comparison: Comparison) -> str:
    several = {len(comparison.of(arm)) > 1 for arm in comparison.arms}
    if several == {True}:
        band_is = "lowest to highest seed"
    elif several == {False}:
        band_is = "95 % Wilson interval"
    else:
        band_is = "lowest to highest seed, or the one seed's 95 % Wilson interval"
    return f"line: mean over seeds; band: {band_is}"
