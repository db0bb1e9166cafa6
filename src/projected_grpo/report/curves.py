"""The training curves of a comparison as a PNG.

Blatant hack rate and solve rate by step, and how many runs have not taken off, side by side.
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
from projected_grpo.report.compare import RUN, Comparison
from projected_grpo.report.outcomes import by_run
from projected_grpo.runs.files import replacing
from projected_grpo.stats import outcomes, survival

COLORS = {"reference": "#000000", "ceiling": "#888888"}
# Okabe and Ito's, told apart by colour-blind readers.
PALETTE = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#E69F00", "#56B4E9")
# What tells apart the lines of one colour. A control is never solid.
DASHES = ("-", "--", ":", "-.")
PANELS = {
    "blatant": "blatant hack rate",
    "correct": "solve rate (passes the ground truth)",
}
SURVIVAL = "runs that have not taken off"
STYLE = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# With more steps than this, markers would hide the lines.
FEW_STEPS = 15


def draw(comparison: Comparison, path: Path, panels: Mapping[str, str] = PANELS) -> None:
    """Write the PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE), replacing(path) as scratch:
        figure(comparison, panels).savefig(scratch, format="png")


def figure(comparison: Comparison, panels: Mapping[str, str] = PANELS) -> Figure:
    """A thin line is a run, a thick one the mean over an arm's runs; take-offs as Kaplan-Meier.

    panels: the title of each, by its column of counts in `train`.
    """
    with matplotlib.rc_context(STYLE):
        drawing = Figure(figsize=(14, 4.6), dpi=150, layout="constrained")
        *axes, last = drawing.subplots(1, len(panels) + 1)
        for ax, (column, title) in zip(axes, panels.items(), strict=True):
            lines = _lines(ax, comparison, column)
            _dress(ax, title)
            ax.set_ylim(bottom=0)
        _survival(last, comparison)
        _dress(last, SURVIVAL)
        axes[0].set_ylabel("% of the step's training rollouts")
        drawing.suptitle(_title(comparison), x=0.01, ha="left", fontsize=11)
        drawing.legend(
            lines,
            [_label(comparison, arm) for arm in comparison.arms],
            loc="outside lower center",
            ncols=min(len(lines), 5),
            frameon=False,
            title="thin: a run; thick: the mean over an arm's runs",
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


def _lines(ax: Axes, comparison: Comparison, column: str) -> list[Line2D]:
    """The arms' means, in the arms' order, over the runs' own lines."""
    lines = []
    for arm, style in _line_styles(comparison).items():
        rows = comparison.train.filter(pl.col("arm") == arm)
        for run in rows.partition_by(RUN, maintain_order=True):
            own = 100 * run[column] / run["n"]
            ax.plot(run["step"], own, **{**style, "linewidth": 0.7, "alpha": 0.45})
        rate = 100 * pl.col(column) / pl.col("n")
        mean = rows.group_by("step").agg(rate=rate.mean()).sort("step")
        marker = {}
        if len(mean) <= FEW_STEPS:
            marker = {"marker": "o", "markersize": 2.2 * style["linewidth"]}
        (line,) = ax.plot(mean["step"], mean["rate"], zorder=3, clip_on=False, **style, **marker)
        lines.append(line)
    return lines


def _line_styles(comparison: Comparison) -> dict[str, dict[str, Any]]:
    looks = styles(comparison)
    # Thick lines below thin ones: arms that coincide, at zero say, stay visible.
    widths = np.linspace(3.6, 1.6, len(looks))
    return {
        arm: {"color": color, "linestyle": dash, "linewidth": float(width)}
        for (arm, (color, dash)), width in zip(looks.items(), widths, strict=True)
    }


def _dress(ax: Axes, title: str) -> None:
    ax.set_title(title)
    ax.set_xlabel("training step")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)


def _survival(ax: Axes, comparison: Comparison) -> None:
    """The share of an arm's runs that have not taken off; a run that ended without is censored."""
    runs = by_run(comparison)
    first = comparison.train["step"].min()
    for arm, style in _line_styles(comparison).items():
        own = runs.filter(arm=arm)
        steps, left = survival.kaplan_meier(outcomes.times(own))
        x = [first, *steps, own["end"].max()]
        y = [100, *(100 * left), 100 * left[-1]]
        ax.step(x, y, where="post", clip_on=False, **style)
    ax.set_ylabel("% of an arm's runs")
    ax.set_ylim(0, 100)


def _label(comparison: Comparison, arm: str) -> str:
    n = len(comparison.of(arm))
    return f"{arm} ({n} run{'s' if n > 1 else ''})"


def _title(comparison: Comparison) -> str:
    counts = comparison.train["n"]
    n = str(counts.min()) if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    return f"{comparison.group}: {comparison.facts['model']}, {n} rollouts a step"
