"""How often tests reject and intervals cover, over simulated runs: the table of docs/statistics.md.

`python -m projected_grpo.stats.check` prints it. Arms of dose NULL and NULL give a test's size,
arms of DOSES its power and an interval's coverage.
"""

import math

import numpy as np
import polars as pl
from tabulate import tabulate

from projected_grpo.stats import welch
from projected_grpo.stats.onset import TAKEN_OFF
from projected_grpo.stats.permutation import LEVEL, Block, compare
from projected_grpo.stats.simulated import SAMPLES, Runs, mean_rates, simulate
from projected_grpo.stats.survival import log_rank

REPLICATIONS = 1000
# Runs an arm, in so many blocks.
DESIGNS = [
    (3, 1),
    (4, 1),
    (6, 1),
    (8, 1),
    (12, 1),
    (6, 6),
    (8, 4),
    (12, 6),
]
SPREADS = (0.0, 0.5, 1.0)
NULL = 0.3
DOSES = (0.5, 0.0)
STEPS = 24
TRUTH = 100_000
# Of more relabellings than this, so many are drawn; a report enumerates them.
EXACT = 50_000
DRAWS = 4_000


def main() -> None:
    rows = []
    for spread in SPREADS:
        for n, blocks in DESIGNS:
            rows.append(cell(n, blocks, spread))
    print(tabulate(rows, headers="keys", tablefmt="github", floatfmt=".3f", missingval="-"))


def cell(n: int, blocks: int, spread: float, replications: int = REPLICATIONS) -> dict:
    """A row of the table: shares of replications. spread: of runs, and of blocks beside it."""
    rng = np.random.default_rng(1)
    sd, truth = _truth(spread * math.sqrt(2) if blocks > 1 else spread)
    found = []
    for _ in range(replications):
        null = _drawn(n, blocks, spread, (NULL, NULL), rng)
        effect = _means(_drawn(n, blocks, spread, DOSES, rng))
        found.append(
            {
                "size": _rejects(compare(_means(null), EXACT, DRAWS).p),
                "log-rank": _rejects(log_rank(*_times(null))),
                "power": _rejects(compare(effect, EXACT, DRAWS).p),
                "covers": _holds(welch.interval(effect), truth),
                "at 95 %": _holds(welch.interval(effect, 0.95), truth),
            }
        )
    design = f"{blocks} points of {n // blocks}" if blocks > 1 else str(n)
    shares = pl.DataFrame(found).mean().row(0, named=True)
    return {"runs an arm": design, "s.d. of U": sd, **shares}


def _truth(spread: float) -> tuple[str, float]:
    """The standard deviations of U under DOSES, and the difference of its means."""
    rng = np.random.default_rng(2)
    a, b = (mean_rates(simulate(TRUTH, rng, dose, spread)) for dose in DOSES)
    sd = f"{a.std():.2f}, {b.std():.2f}"
    return sd, float(a.mean() - b.mean())


def _rejects(p: float) -> bool | None:
    """None where there is no test."""
    return None if math.isnan(p) else p <= LEVEL


def _holds(ends: tuple[float, float], truth: float) -> bool:
    return ends[0] <= truth <= ends[1]


def _drawn(
    n: int, blocks: int, spread: float, doses: tuple[float, float], rng: np.random.Generator
) -> list[tuple[Runs, Runs]]:
    """n runs of two arms in blocks, whose starts differ where there are several."""
    found = []
    for _ in range(blocks):
        lead = spread * rng.standard_normal() if blocks > 1 else 0.0
        a, b = (simulate(n // blocks, rng, dose, spread, STEPS, lead) for dose in doses)
        found.append((a, b))
    return found


def _means(blocks: list[tuple[Runs, Runs]]) -> list[Block]:
    return [(mean_rates(a), mean_rates(b)) for a, b in blocks]


def _times(blocks: list[tuple[Runs, Runs]]) -> list[list[tuple[int, bool]]]:
    """As `outcomes.times`, of each arm."""
    found = []
    for arm in zip(*blocks, strict=True):
        hacking = np.concatenate(arm) >= TAKEN_OFF * SAMPLES
        onsets = hacking[:, 1:] & hacking[:, :-1]
        took_off = onsets.any(axis=1)
        steps = np.where(took_off, onsets.argmax(axis=1) + 1, STEPS)
        found.append(list(zip(steps.tolist(), took_off.tolist(), strict=True)))
    return found


if __name__ == "__main__":
    main()
