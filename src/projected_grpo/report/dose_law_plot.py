"""The dose law as a PNG: growth of the log odds a step against 1 - dose, a dot a run."""

from pathlib import Path

import matplotlib
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from projected_grpo.report.compare import Comparison
from projected_grpo.report.curves import STYLE
from projected_grpo.report.dose_law import cells
from projected_grpo.runs.files import replacing
from projected_grpo.stats.dose_law import by_run
from projected_grpo.stats.logged_dose import Cell

# Arms differ in shape and in grey, so that neither colour nor size has to tell them apart.
MARKERS = "osD^vP*Xhp<>"
# Of a run's dot, in points²; the least for one of little weight.
AREA, LEAST = 90, 12


def beside(plot: Path) -> Path:
    """The file's name, beside that of the training curves."""
    return plot.with_stem(f"{plot.stem}-dose-law")


def draw(comparison: Comparison, path: Path) -> bool:
    """Write the PNG; False, and no file, where no run logged its dose."""
    if not cells(comparison):
        return False
    with matplotlib.rc_context(STYLE), replacing(path) as scratch:
        figure(comparison).savefig(scratch, format="png")
    return True


def figure(comparison: Comparison) -> Figure:
    """A row a form, a column a band. A dot's area goes as the run's weight; the line is the law."""
    found = cells(comparison)
    forms = list(dict.fromkeys(cell.form for cell in found))
    bands = list(dict.fromkeys(cell.band for cell in found))
    known = pl.concat([cell.rows for cell in found])["arm"].unique()
    shown = [arm for arm in comparison.arms if arm in known]
    size = (1 + 3.4 * len(bands), 1.2 + 2.6 * len(forms))
    with matplotlib.rc_context(STYLE):
        drawing = Figure(figsize=size, dpi=130, layout="constrained")
        grid = drawing.subplots(len(forms), len(bands), sharex=True, squeeze=False)
        for ax in grid.flat:
            ax.set_axis_off()
        dots = {}
        for cell in found:
            ax = grid[forms.index(cell.form), bands.index(cell.band)]
            dots |= _panel(ax, cell, shown)
        drawing.legend(
            [dots[arm] for arm in shown],
            shown,
            loc="outside upper left",
            ncols=min(len(shown), 2 * len(bands)),
            frameon=False,
        )
        drawing.supxlabel("1 - dose in force", fontsize=11)
        drawing.supylabel("growth of the log odds a step", fontsize=11)
    return drawing


def _panel(ax: Axes, cell: Cell, arms: list[str]) -> dict[str, PathCollection]:
    """The dots of each arm that is there."""
    ax.set_axis_on()
    ax.set_title(f"{cell.form}, {cell.band} before", fontsize=10)
    ax.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    runs = by_run(cell.rows).with_columns(left=1 - pl.col("dose"))
    heaviest = runs["weight"].max()
    greys = np.linspace(0, 0.9, len(arms))
    dots = {}
    for i, arm in enumerate(arms):
        own = runs.filter(arm=arm)
        if own.is_empty():
            continue
        area = LEAST + AREA * own["weight"].to_numpy() / heaviest
        dots[arm] = ax.scatter(
            own["left"],
            own["growth"],
            s=area,
            marker=MARKERS[i % len(MARKERS)],
            facecolor=str(greys[i]),
            edgecolor="black",
            linewidth=0.6,
            alpha=0.8,
        )
    x = np.array([runs["left"].min(), runs["left"].max()])
    ax.plot(x, cell.law.base + cell.law.slope * x, color="black", linewidth=1, zorder=1)
    return dots
