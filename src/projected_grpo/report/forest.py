"""Effects on hacking: every arm's U against the reference's, controls under their treatments."""

import math

import matplotlib
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from projected_grpo.report.compare import Comparison
from projected_grpo.report.outcomes import (
    Contrast,
    arms_by_effect,
    by_run,
    contrasts,
    show_effect,
)
from projected_grpo.report.style import STYLE, Look, dot, looks, title
from projected_grpo.stats.welch import CONFIDENCE

# Inches: of an arm's row, and of what stands around the rows.
ROW, AROUND = 0.5, 1.6
# Of runs below their arm's interval, in rows.
BELOW = 0.28
NOTE = (
    "dot: a run; mark: the arm's mean; bar: Welch's interval over runs, nominal {nominal} %, "
    "where runs are enough for a test; p: Holm's"
)


@matplotlib.rc_context(STYLE)
def figure(comparison: Comparison) -> Figure | None:
    """None where no arm has runs of the reference beside it."""
    effects = {}
    for contrast in contrasts(comparison):
        if contrast.other == comparison.reference:
            effects[contrast.arm] = contrast
    if not effects:
        return None
    shown = [arm for arm in arms_by_effect(comparison) if arm in effects]
    rows = [comparison.reference, *shown]
    drawing = Figure(figsize=(10, AROUND + ROW * len(rows)), dpi=150, layout="constrained")
    ax = drawing.subplots()
    ax.axvline(0, color="#888888", linewidth=0.8, zorder=0)
    distances = by_distance(comparison)
    for place, arm in enumerate(rows):
        look = looks(comparison)[arm]
        own = 100 * distances.filter(arm=arm)["distance"]
        ax.scatter(own, [place + BELOW] * len(own), s=18, alpha=0.5, color=look.color, linewidth=0)
        mean = 0 if arm == comparison.reference else 100 * effects[arm].effects["U"].mean
        ax.scatter([mean], [place], s=75, linewidth=1.5, zorder=3, **dot(look))
        if arm in effects:
            _interval(ax, place, effects[arm], look)
    _dress(ax, comparison, rows)
    drawing.suptitle(title(comparison), x=0.01, ha="left", fontsize=11)
    note = NOTE.format(nominal=round(100 * CONFIDENCE))
    drawing.supxlabel(note, x=0.01, ha="left", fontsize=9.5)
    return drawing


def by_distance(comparison: Comparison) -> pl.DataFrame:
    """A row a run: group, arm, seed and distance, its U minus the reference's mean in its group.

    Runs of a group without the reference are left out.
    """
    runs = by_run(comparison)
    reference = runs.filter(arm=comparison.reference).group_by("group").agg(zero=pl.col("U").mean())
    joined = runs.join(reference, on="group", maintain_order="left")
    return joined.select("group", "arm", "seed", distance=pl.col("U") - pl.col("zero"))


def _interval(ax: Axes, place: int, contrast: Contrast, look: Look) -> None:
    """Where there is one; effect, interval and Holm's p in words on the right."""
    effect = contrast.effects["U"]
    words = show_effect(effect)
    if not math.isnan(effect.low):
        ends = [100 * effect.low, 100 * effect.high]
        ax.plot(ends, [place, place], color=look.color, linewidth=2, linestyle=look.dash)
    if not math.isnan(effect.p):
        words += f"  p {contrast.adjusted['U']:.2g}"
    ax.text(1.02, place, words, transform=ax.get_yaxis_transform(), va="center", fontsize=10)


def _dress(ax: Axes, comparison: Comparison, rows: list[str]) -> None:
    names = []
    for arm in rows:
        is_control = comparison.definitions[arm]["role"] == "control"
        names.append(f"control: {arm}" if is_control else arm)
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_title("mean blatant hack rate in training (U)")
    ax.set_xlabel(f"points of difference to {comparison.reference}")
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
