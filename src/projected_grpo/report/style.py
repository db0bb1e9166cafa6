"""How an arm looks in every figure, and what all figures share. Readable without colour."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes

# Without pyplot: no window system, no global state.
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from projected_grpo.report import roles
from projected_grpo.report.compare import Comparison
from projected_grpo.runs.files import replacing

COLORS = {"reference": "#000000", "ceiling": "#888888"}
# Okabe and Ito's, told apart by colour-blind readers.
PALETTE = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#E69F00", "#56B4E9")
# What tells apart the lines of one colour. A control is never solid.
DASHES = ("-", "--", ":", "-.")
MARKERS = "osD^vP*Xhp<>"
STYLE = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    # Names of shapes by what they hold, so that a figure repeats to the byte.
    "svg.hashsalt": "figure",
}
# Of the figure in a file: nothing that changes from day to day or leads elsewhere.
NOTHING = dict.fromkeys(("Creator", "Date", "Format", "Type"))


class Look(NamedTuple):
    """An arm's. A control is dashed in its treatment's colour, and its marks are hollow."""

    color: str
    dash: str
    marker: str
    fill: str


def looks(comparison: Comparison) -> dict[str, Look]:
    """arm -> its look. No two of twelve arms share a marker."""
    known: dict[str, Look] = {}
    # (colour, whether controls) -> lines so far
    lines = Counter()
    palette_used = 0
    for i, arm in enumerate(comparison.arms):
        role = comparison.definitions[arm]["role"]
        treatment = roles.treatment_of(comparison.definitions, arm)
        if role in COLORS:
            color = COLORS[role]
        elif treatment is not None:
            color = known[treatment].color
        else:
            color = PALETTE[palette_used % len(PALETTE)]
            palette_used += 1
        is_control = role == "control"
        dashes = DASHES[1:] if is_control else DASHES
        dash = dashes[lines[color, is_control] % len(dashes)]
        fill = "white" if is_control else color
        known[arm] = Look(color, dash, MARKERS[i % len(MARKERS)], fill)
        lines[color, is_control] += 1
    return known


def line(look: Look) -> dict[str, Any]:
    """A line with the arm's marks, as matplotlib has it."""
    return {
        "color": look.color,
        "linestyle": look.dash,
        "marker": look.marker,
        "markerfacecolor": look.fill,
    }


def dot(look: Look) -> dict[str, Any]:
    """A mark without a line, as matplotlib has it."""
    return {"marker": look.marker, "facecolor": look.fill, "edgecolor": look.color}


def label(comparison: Comparison, arm: str) -> str:
    n = len(comparison.of(arm))
    return f"{arm} ({n} run{'s' if n > 1 else ''})"


def title(comparison: Comparison) -> str:
    counts = comparison.train["n"]
    n = str(counts.min()) if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    return f"{comparison.group}: {comparison.facts['model']}, {n} rollouts a step"


def dress(ax: Axes, heading: str) -> None:
    """A panel over training steps."""
    ax.set_title(heading)
    ax.set_xlabel("training step")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)


def apart(places: list[float], gap: float) -> list[float]:
    """Heights for labels of `places`, in the same order and at least `gap` from each other.

    Labels are moved up, and then all down by half of what lifted the highest above all places.
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    heights = list(places)
    for below, i in zip(order, order[1:], strict=False):
        heights[i] = max(places[i], heights[below] + gap)
    over = max(heights) - max(places)
    return [height - over / 2 for height in heights]


def save(figure: Figure, path: Path) -> None:
    """Write `path`, a .png, and the same as .svg beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    vectors = path.with_suffix(".svg")
    with matplotlib.rc_context(STYLE):
        with replacing(path) as scratch:
            figure.savefig(scratch, format="png")
        with replacing(vectors) as scratch:
            figure.savefig(scratch, format="svg", metadata=NOTHING)
