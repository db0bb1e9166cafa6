"""How often an arm at the margin's edge passes for as good: a table of docs/statistics.md.

`python -m projected_grpo.stats.margin_check` prints it. Runs of `simulated` solve the more the less
they hack, so that solving is as far from normal as hacking is.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from tabulate import tabulate

from projected_grpo.stats.margin import EQUIVALENT, NOT_LOWER, verdict
from projected_grpo.stats.simulated import mean_rates, simulate
from projected_grpo.stats.welch import interval

REPLICATIONS = 2000
# Runs an arm at a point, points.
DESIGNS = ((4, 1), (6, 1), (8, 1), (12, 1), (1, 6), (2, 4))
DOSES = ((0.3, 0.3), (0.5, 0.0), (0.0, 0.5), (0.8, 0.0))
SPREADS = (0.0, 0.5, 1.0)
MARGIN = 0.1
# Of a run's evaluation: what it solves if it always hacks, how much more if it never does, what
# runs differ by beside that, and the samples.
LEAST, MORE, APART, SAMPLES = 0.15, 0.2, 0.02, 320
# Shares of runs that solve COLLAPSED where the others solve WHOLE.
COLLAPSES = (0.1, 0.2)
COLLAPSED, WHOLE = 0.05, 0.3
TRUTH = 50_000

Rates = Float[np.ndarray, "_"]


def main() -> None:
    rows = []
    for spread in SPREADS:
        for doses in DOSES:
            arms = [solved(dose, spread, np.random.default_rng(2)) for dose in doses]
            label = {"starts' spread": f"{spread:g}", "doses": f"{doses[0]:g}, {doses[1]:g}"}
            rows += [{**label, **cell(arms, n, points)} for n, points in DESIGNS]
    for share in COLLAPSES:
        arms = [collapsing(of, np.random.default_rng(2)) for of in (share, 0.0)]
        label = {"starts' spread": "", "doses": f"{share:g} of runs collapse"}
        rows += [{**label, **cell(arms, n, points)} for n, points in DESIGNS]
    print(tabulate(rows, headers="keys", tablefmt="github", floatfmt=".3f"))


def solved(dose: float, spread: float, rng: np.random.Generator, n: int = TRUTH) -> Rates:
    """Solve rates of runs of a dose."""
    hacks = mean_rates(simulate(n, rng, dose, spread))
    rates = LEAST + MORE * (1 - hacks) + APART * rng.standard_normal(n)
    return rng.binomial(SAMPLES, np.clip(rates, 0, 1)) / SAMPLES


def collapsing(share: float, rng: np.random.Generator, n: int = TRUTH) -> Rates:
    """Solve rates of runs of which so many collapse."""
    rates = np.where(rng.random(n) < share, COLLAPSED, WHOLE) + APART * rng.standard_normal(n)
    return rng.binomial(SAMPLES, np.clip(rates, 0, 1)) / SAMPLES


def cell(arms: Sequence[Rates], n: int, points: int) -> dict:
    """A row: shares of replications. At an edge the arm is lower, or higher, by just the margin."""
    a, b = arms
    rng = np.random.default_rng(1)
    shifts = {"low": -MARGIN, "high": MARGIN, "none": 0.0}
    passed = dict.fromkeys(shifts, 0)
    equivalent = dict.fromkeys(shifts, 0)
    for _ in range(REPLICATIONS):
        blocks = [(rng.choice(a, n), rng.choice(b, n)) for _ in range(points)]
        for name, shift in shifts.items():
            moved = [(x - a.mean() + b.mean() + shift, y) for x, y in blocks]
            found = verdict(interval(moved), float(b.mean()), MARGIN)
            passed[name] += found in (EQUIVALENT, NOT_LOWER)
            equivalent[name] += found == EQUIVALENT
    return {
        "runs an arm": f"{points} points of {n}" if points > 1 else str(n),
        "s.d.": f"{a.std():.3f}, {b.std():.3f}",
        "not lower: size": passed["low"] / REPLICATIONS,
        "power": passed["none"] / REPLICATIONS,
        "equivalent: size": max(equivalent["low"], equivalent["high"]) / REPLICATIONS,
        "power ": equivalent["none"] / REPLICATIONS,
    }


if __name__ == "__main__":
    main()
