"""The dose law: growth of the log odds a step against 1 - dose, a dot a run."""

import matplotlib
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from projected_grpo.report.compare import Comparison
from projected_grpo.report.dose_law import cells
from projected_grpo.report.style import STYLE, Look, dot, looks
from projected_grpo.stats.dose_law import by_run
from projected_grpo.stats.logged_dose import Cell

# Of a run's dot, in points²; the least for one of little weight.
AREA, LEAST = 90, 12


@matplotlib.rc_context(STYLE)
def figure(comparison: Comparison) -> Figure | None:
    """A row a form, a column a band. A dot's area goes as the run's weight; the line is the law.

    None where no run logged its dose.
    """
    found = cells(comparison)
    if not found:
        return None
    forms = list(dict.fromkeys(cell.form for cell in found))
    bands = list(dict.fromkeys(cell.band for cell in found))
    known = pl.concat([cell.rows for cell in found])["arm"].unique()
    shown = {arm: look for arm, look in looks(comparison).items() if arm in known}
    size = (1 + 3.4 * len(bands), 1.2 + 2.6 * len(forms))
    drawing = Figure(figsize=size, dpi=130, layout="constrained")
    grid = drawing.subplots(len(forms), len(bands), sharex=True, squeeze=False)
    for ax in grid.flat:
        ax.set_axis_off()
    dots = {}
    for cell in found:
        ax = grid[forms.index(cell.form), bands.index(cell.band)]
        dots |= _panel(ax, cell, shown)
    columns = min(len(shown), 2 * len(bands))
    drawing.legend(
        [dots[arm] for arm in shown], list(shown), loc="outside upper left", ncols=columns
    )
    drawing.supxlabel("1 - dose in force", fontsize=11)
    drawing.supylabel("growth of the log odds a step", fontsize=11)
    return drawing


def _panel(ax: Axes, cell: Cell, shown: dict[str, Look]) -> dict[str, PathCollection]:
    """The dots of each arm that is there."""
    ax.set_axis_on()
    ax.set_title(f"{cell.form}, {cell.band} before", fontsize=10)
    ax.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    runs = by_run(cell.rows).with_columns(left=1 - pl.col("dose"))
    heaviest = runs["weight"].max()
    dots = {}
    for arm, look in shown.items():
        own = runs.filter(arm=arm)
        if own.is_empty():
            continue
        area = LEAST + AREA * own["weight"].to_numpy() / heaviest
        dots[arm] = ax.scatter(own["left"], own["growth"], s=area, alpha=0.8, **dot(look))
    x = np.array([runs["left"].min(), runs["left"].max()])
    ax.plot(x, cell.law.base + cell.law.slope * x, color="black", linewidth=1, zorder=1)
    return dots
