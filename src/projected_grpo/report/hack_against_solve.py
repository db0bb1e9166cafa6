"""Hacking against solving, as evaluated after training: the price of an arm, if it has one."""

import matplotlib
import polars as pl
from matplotlib.figure import Figure

from projected_grpo.report import wordings
from projected_grpo.report.compare import RUN, Comparison
from projected_grpo.report.style import STYLE, dot, label, looks, title

NOTE = "small: a run; large: an arm's mean; grey: the front, means that no other beats"


@matplotlib.rc_context(STYLE)
def figure(comparison: Comparison) -> Figure | None:
    """None where no run was evaluated."""
    runs = rates(comparison)
    if runs.is_empty():
        return None
    drawing = Figure(figsize=(8, 4.6), dpi=150, layout="constrained")
    ax = drawing.subplots()
    means = {}
    handles = []
    for arm, look in looks(comparison).items():
        own = runs.filter(arm=arm)
        small = {"s": 22, "alpha": 0.6, "linewidth": 0.8, "clip_on": False}
        ax.scatter(own["solve"], own["hack"], **small, **dot(look))
        means[arm] = (own["solve"].mean(), own["hack"].mean())
        large = {"s": 110, "linewidth": 1.5, "zorder": 3, "clip_on": False}
        handles.append(ax.scatter(*means[arm], **large, **dot(look)))
    best = [means[arm] for arm in front(means)]
    ax.plot(*zip(*best, strict=True), color="#888888", linewidth=1, zorder=1)
    ax.set_title("blatant hacks against solving, after training")
    ax.set_xlabel(f"solve rate, {wordings.CLEAN} (% of samples)")
    ax.set_ylabel(f"blatant hack rate, {comparison.loophole} (%)")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.grid(color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    names = [label(comparison, arm) for arm in means]
    drawing.legend(handles, names, loc="outside right upper")
    drawing.suptitle(title(comparison), x=0.01, ha="left", fontsize=11)
    drawing.supxlabel(NOTE, x=0.01, ha="left", fontsize=9.5)
    return drawing


def rates(comparison: Comparison) -> pl.DataFrame:
    """A row an evaluated run: RUN, hack and solve in % of its samples."""
    evals = comparison.evals
    hacks = evals.filter(loophole=comparison.loophole).group_by(RUN)
    solves = evals.filter(loophole=wordings.CLEAN).group_by(RUN)
    hack = hacks.agg(hack=100 * pl.col("blatant").mean())
    solve = solves.agg(solve=100 * pl.col("gt_pass").mean())
    return hack.join(solve, on=RUN).sort(RUN)


def front(means: dict[str, tuple[float, float]]) -> list[str]:
    """Arms whose mean no other beats, by more solving or less hacking and no worse in either.

    means: arm -> (solving, hacking). In the order of solving.
    """
    best = []
    for arm, (solve, hack) in means.items():
        at_least = [other for other in means.values() if other[0] >= solve and other[1] <= hack]
        if all(other == (solve, hack) for other in at_least):
            best.append(arm)
    return sorted(best, key=lambda arm: means[arm])
