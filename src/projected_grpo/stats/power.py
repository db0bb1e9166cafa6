"""How often the permutation test sees what a dose does, by simulated runs of `simulated`.

The test is that of `permutation`, for arms with equally many runs at every point, of many studies
at once. Of more than EXACT relabellings DRAWS are drawn, the labels as they were among them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from jaxtyping import Bool, Float

from projected_grpo.stats.permutation import LEVEL, ROUNDING
from projected_grpo.stats.simulated import mean_rates, simulate

EXACT = 5_000
DRAWS = 2_000
# Studies that share their drawn relabellings.
TOGETHER = 100

# A number a run, of so many studies, points, and runs of an arm at a point.
Values = Float[np.ndarray, "study point run"]
Masks = Bool[np.ndarray, "relabelling point both"]


@dataclass(frozen=True)
class Design:
    """Two arms that are compared, and what their runs start from.

    doses: share of growth that each arm takes. spread: of runs' starts, in log odds; of points'
    beside it. replicates: runs of an arm at each branch point, None where runs share none.
    """

    doses: tuple[float, float]
    spread: float = 0.5
    replicates: int | None = None
    steps: int = 24
    level: float = LEVEL
    studies: int = 1000


def least(design: Design) -> int:
    """The n from which on some data can reject, so many are the relabellings."""
    n = 1
    while 2 / number(*_shape(design, n)) > design.level:
        n += 1
    return n


def number(points: int, runs: int) -> int:
    """Of relabellings that keep `runs` of an arm at each point."""
    return math.comb(2 * runs, runs) ** points


def grown(design: Design, rng: np.random.Generator) -> Iterator[tuple[Values, Values]]:
    """U of both arms' runs at n = 1, 2, ... points, or runs an arm where there are no points.

    Every study goes on with the runs that it has.
    """
    a, b = [], []
    while True:
        for arm, more in zip((a, b), _more(design, rng), strict=True):
            arm.append(more)
        yield _joined(design, a), _joined(design, b)


def p_values(a: Values, b: Values, rng: np.random.Generator) -> Float[np.ndarray, " study"]:
    """Two-sided p of each study, as `permutation.compare` has it. rng: where they are drawn."""
    values = np.concatenate([a, b], axis=2)
    found = []
    for first in range(0, len(values), TOGETHER):
        own = values[first : first + TOGETHER]
        masks = relabellings(*a.shape[1:], rng)
        # As large as the difference of means, for as many runs of either arm at every point.
        sums = own.reshape(len(own), -1) @ masks.reshape(len(masks), -1).T.astype(float)
        as_it_was = a[first : first + TOGETHER].sum(axis=(1, 2))[:, None]
        as_large = (sums >= as_it_was - ROUNDING).mean(axis=1)
        as_small = (sums <= as_it_was + ROUNDING).mean(axis=1)
        found.append(np.minimum(1, 2 * np.minimum(as_large, as_small)))
    return np.concatenate(found)


def relabellings(points: int, runs: int, rng: np.random.Generator) -> Masks:
    """Which runs of both arms get the first one's label, at every point as many as it has."""
    both = 2 * runs
    if number(points, runs) > EXACT:
        masks = rng.random((DRAWS, points, both)).argsort(axis=2) < runs
        masks[0] = np.arange(both) < runs
        return masks
    of_a_point = np.zeros((math.comb(both, runs), both), dtype=bool)
    for mask, chosen in zip(of_a_point, combinations(range(both), runs), strict=True):
        mask[list(chosen)] = True
    return of_a_point[list(product(range(len(of_a_point)), repeat=points))]


def _more(design: Design, rng: np.random.Generator) -> list[Float[np.ndarray, "study run"]]:
    """U of a further point's runs of either arm, or of one run where there are no points."""
    runs = design.replicates or 1
    of_points = design.spread if design.replicates else 0.0
    lead = np.repeat(of_points * rng.standard_normal(design.studies), runs)
    found = []
    for dose in design.doses:
        hacks = simulate(len(lead), rng, dose, design.spread, design.steps, lead)
        found.append(mean_rates(hacks).reshape(design.studies, runs))
    return found


def _joined(design: Design, arm: list[Float[np.ndarray, "study more"]]) -> Values:
    """arm: of each point, or of each run."""
    joined = np.stack(arm, axis=1)
    return joined.reshape(design.studies, *_shape(design, len(arm)))


def _shape(design: Design, n: int) -> tuple[int, int]:
    """(points, runs of an arm at each)."""
    return (n, design.replicates) if design.replicates else (1, n)
