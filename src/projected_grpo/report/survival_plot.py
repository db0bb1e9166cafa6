"""When runs take off: the share of an arm's runs that have not, as Kaplan and Meier estimate it."""

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from projected_grpo.report.compare import Comparison
from projected_grpo.report.outcomes import by_run
from projected_grpo.report.style import STYLE, apart, dress, line, looks, title
from projected_grpo.stats import outcomes, survival
from projected_grpo.stats.survival import Times

TITLE = "runs that have not taken off"
CENSORED = "|: a run that ended, or whose constraint was lifted, without taking off"
# Between the names of two arms, in % of runs.
GAP = 8.0


@matplotlib.rc_context(STYLE)
def figure(comparison: Comparison) -> Figure:
    """An arm a step function, named at its end with how many of its runs took off."""
    drawing = Figure(figsize=(8, 4.6), dpi=150, layout="constrained")
    ax = drawing.subplots()
    ends = draw(ax, comparison)
    dress(ax, TITLE)
    heights = apart([left for _, left in ends.values()], GAP)
    ax.set_xlim(right=max(step for step, _ in ends.values()))
    known = looks(comparison)
    for (arm, (step, left)), height in zip(ends.items(), heights, strict=True):
        color = known[arm].color
        lead = {"arrowstyle": "-", "color": color, "linewidth": 0.6, "relpos": (0, 0.5)}
        ax.annotate(
            f"{arm}: {_took_off(times(comparison, arm))}",
            xy=(step, left),
            xytext=(1.04, height),
            textcoords=ax.get_yaxis_transform(),
            annotation_clip=False,
            va="center",
            color=color,
            arrowprops=lead,
        )
    drawing.suptitle(title(comparison), x=0.01, ha="left", fontsize=11)
    drawing.supxlabel(CENSORED, x=0.01, ha="left", fontsize=9.5)
    return drawing


def draw(ax: Axes, comparison: Comparison) -> dict[str, tuple[int, float]]:
    """The arms' step functions in % of runs, a tick where a run is censored.

    arm -> (last step, % left there).
    """
    first = comparison.train["step"].min()
    ends = {}
    for arm, look in looks(comparison).items():
        own = times(comparison, arm)
        steps, left = survival.kaplan_meier(own)
        last = by_run(comparison).filter(arm=arm)["end"].max()
        x = [first, *steps, last]
        y = [100, *(100 * left), 100 * left[-1]]
        style = {**line(look), "clip_on": False}
        ax.step(x, y, where="post", linewidth=2, markersize=5, markevery=slice(1, -1), **style)
        for step in {step for step, took_off in own if not took_off}:
            at = 100 * left[steps == step]
            ax.plot([step], at, **{**style, "marker": "|", "markersize": 14}, zorder=3)
        ends[arm] = (last, 100 * left[-1])
    ax.set_ylabel("% of an arm's runs")
    ax.set_ylim(0, 100)
    return ends


def times(comparison: Comparison, arm: str) -> Times:
    return outcomes.times(by_run(comparison).filter(arm=arm))


def _took_off(own: Times) -> str:
    return f"{sum(took_off for _, took_off in own)} of {len(own)} took off"
