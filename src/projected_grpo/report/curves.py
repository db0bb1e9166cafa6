"""The training curves of a comparison as a PNG: strict hack rate and solve rate by step, side by side."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure  # without pyplot: no window system, no global state
from matplotlib.ticker import MaxNLocator

from projected_grpo.report.compare import ARM_ORDER, Comparison
from projected_grpo.stats.intervals import wilson

# Okabe and Ito's colours, told apart by colour-blind readers; an arm keeps its colour from figure to figure.
COLORS = dict(zip(ARM_ORDER, ("#888888", "#000000", "#0072B2", "#009E73", "#D55E00"), strict=True))
OTHER_COLORS = ("#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#A6761D")
PANELS = {"strict": "strict hack rate", "correct": "solve rate (passes the ground truth)"}
STYLE = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(comparison: Comparison, path: Path) -> None:
    """Write the PNG: a line is the mean over an arm's seeds, its band the lowest to the highest seed.

    The band of an arm with one seed is the step's 95 % Wilson interval.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(11, 4.6), dpi=150, layout="constrained")
        axes = figure.subplots(1, 2, sharey=True)
        for ax, (column, title) in zip(axes, PANELS.items(), strict=True):
            # Thick lines below thin ones: arms that coincide, at zero say, stay visible.
            widths = np.linspace(3.6, 1.6, len(comparison.arms))
            for (arm, color), width in zip(_colors(comparison.arms).items(), widths, strict=True):
                style = {
                    "color": color,
                    "linewidth": float(width),
                    "label": _label(comparison, arm),
                }
                _line(ax, comparison.train.filter(pl.col("arm") == arm), column, style)
            _dress(ax, title)
        axes[0].set_ylabel("% of the step's training rollouts")
        axes[0].set_ylim(bottom=0)
        figure.suptitle(_title(comparison), x=0.01, ha="left", fontsize=11)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=min(len(labels), 5),
            frameon=False,
            title=_meaning(comparison),
            title_fontsize=9.5,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}")
        figure.savefig(scratch, format="png")
    scratch.replace(path)


def band(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """rows of one arm (seed, step, n, `column` counts) -> step, mean, low, high in per cent."""
    rates = rows.select(
        "seed", "step", "n", column, (100 * pl.col(column) / pl.col("n")).alias("rate")
    )
    steps = (
        rates.group_by("step")
        .agg(
            pl.col("rate").mean().alias("mean"),
            pl.col("rate").min().alias("low"),
            pl.col("rate").max().alias("high"),
            pl.col(column).first().alias("k"),
            pl.col("n").first(),
        )
        .sort("step")
    )
    if rows["seed"].n_unique() == 1:
        ends = 100 * np.array([wilson(k, n) for k, n in steps.select("k", "n").rows()])
        steps = steps.with_columns(pl.Series("low", ends[:, 0]), pl.Series("high", ends[:, 1]))
    return steps.select("step", "mean", "low", "high")


def _line(ax: Axes, rows: pl.DataFrame, column: str, style: dict[str, Any]) -> None:
    steps = band(rows, column)
    few = len(steps) <= 15
    ax.fill_between(
        steps["step"],
        steps["low"],
        steps["high"],
        facecolor=style["color"],
        alpha=0.10,
        linewidth=0,
    )
    for edge in (
        ("low", "high") if few else ()
    ):  # bands overlap: their edges tell them apart, where steps are few enough
        ax.plot(steps["step"], steps[edge], color=style["color"], linewidth=0.7, alpha=0.45)
    marker = {"marker": "o", "markersize": 2.2 * style["linewidth"]} if few else {}
    ax.plot(steps["step"], steps["mean"], zorder=3, clip_on=False, **style, **marker)


def _dress(ax: Axes, title: str) -> None:
    ax.set_title(title)
    ax.set_xlabel("training step")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)


def _label(comparison: Comparison, arm: str) -> str:
    n = len(comparison.of(arm))
    return f"{arm} ({n} seed{'s' if n > 1 else ''})"


def _colors(arms: list[str]) -> dict[str, str]:
    others = [arm for arm in arms if arm not in COLORS]
    return {
        arm: COLORS.get(arm) or OTHER_COLORS[others.index(arm) % len(OTHER_COLORS)] for arm in arms
    }


def _title(comparison: Comparison) -> str:
    counts = comparison.train["n"]
    n = str(counts.min()) if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    return f"{comparison.group}: {comparison.facts['model']}, {n} rollouts a step"


def _meaning(comparison: Comparison) -> str:
    bands = {len(comparison.of(arm)) > 1 for arm in comparison.arms}
    kinds = {True: "lowest to highest seed", False: "95 % Wilson interval"}
    band_is = (
        kinds[bands.pop()]
        if len(bands) == 1
        else "lowest to highest seed, or the one seed's 95 % Wilson interval"
    )
    return f"line: mean over seeds; band: {band_is}"
