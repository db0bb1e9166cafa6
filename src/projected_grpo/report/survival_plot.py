"""When runs take off: the share of an arm's runs that have not, as Kaplan and Meier estimate it."""

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from projected_grpo.report.compare import Comparison
from projected_grpo.report.outcomes import by_run
from projected_grpo.report.style import STYLE, apart, dress, looks, title
from projected_grpo.stats import outcomes, survival
from projected_grpo.stats.survival import Times

TITLE = "runs that have not taken off"
CENSORED = "|: a run that ended, or whose constraint was lifted, without taking off"
# Between the names of two arms, in % of runs.
GAP = 8


@matplotlib.rc_context(STYLE)
def figure(comparison: Comparison) -> Figure:
    """An arm a step function, named at its end with how many of its runs took off."""
    drawing = Figure(figsize=(8, 4.6), dpi=150, layout="constrained")
    ax = drawing.subplots()
    ends = draw(ax, comparison, width=2)
    dress(ax, TITLE)
    heights = apart([left for _, left in ends.values()], GAP)
    furthest = max(step for step, _ in ends.values())
    known = looks(comparison)
    for (arm, (step, left)), height in zip(ends.items(), heights, strict=True):
        color = known[arm].color
        line = {"arrowstyle": "-", "color": color, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 2}
        ax.annotate(
            f"{arm}: {_took_off(times(comparison, arm))}",
            xy=(step, left),
            xytext=(furthest + 0.04 * furthest, height),
            annotation_clip=False,
            va="center",
            color=color,
            arrowprops=line,
        )
    drawing.suptitle(title(comparison), x=0.01, ha="left", fontsize=11)
    drawing.supxlabel(CENSORED, x=0.01, ha="left", fontsize=9.5)
    return drawing


def draw(ax: Axes, comparison: Comparison, width: float) -> dict[str, tuple[float, float]]:
    """The arms' step functions in % of runs, a tick where a run is censored.

    arm -> (last step, % left there).
    """
    first = comparison.train["step"].min()
    ends = {}
    for arm, look in looks(comparison).items():
        own = times(comparison, arm)
        steps, left = survival.kaplan_meier(own)
        last = max(by_run(comparison).filter(arm=arm)["end"].max(), steps[-1])
        x = [first, *steps, last]
        y = [100, *(100 * left), 100 * left[-1]]
        style = {"color": look.color, "clip_on": False}
        ax.step(x, y, where="post", linestyle=look.dash, linewidth=width, **style)
        censored = [step for step, took_off in own if not took_off]
        at = [100 * left[steps == step][0] for step in censored]
        ax.plot(censored, at, linestyle="none", marker="|", markersize=9, zorder=3, **style)
        ends[arm] = (last, 100 * left[-1])
    ax.set_ylabel("% of an arm's runs")
    ax.set_ylim(0, 100)
    return ends


def times(comparison: Comparison, arm: str) -> Times:
    return outcomes.times(by_run(comparison).filter(arm=arm))


def _took_off(own: Times) -> str:
    return f"{sum(took_off for _, took_off in own)} of {len(own)} took off"
