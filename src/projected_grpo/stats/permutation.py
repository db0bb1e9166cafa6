"""Two arms' difference over runs, tested by which run might as well have had which arm.

A relabelling swaps runs of one arm for runs of the other within their block (the branch point that
they share); without blocks, freely. All relabellings where they are no more than EXACT, else DRAWS
of them beside the one that was. p: the share whose difference is as large, or as small; twice the
lesser. Exact whatever the runs' distribution, for arms that do not differ.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from projected_grpo.stats.welch import interval

EXACT = 5_000_000
DRAWS = 100_000
LEVEL = 0.05
# A sum's rounding, for values of the size of a rate.
ROUNDING = 1e-12

Values = Float[np.ndarray, "_"]
Block = tuple[Values, Values]


@dataclass(frozen=True)
class Effect:
    """An arm's mean minus another's.

    mean: over blocks, each of which counts once.
    low, high: `welch.interval` over runs. p: two-sided. All three are nan where no data could
        reject at LEVEL, so few are the relabellings: what is seen is then described, not tested.
    n: runs of the arm, and of the other.
    """

    mean: float
    low: float
    high: float
    p: float
    n: tuple[int, int]
    relabellings: int


def compare(blocks: Sequence[Block], exact: int = EXACT, draws: int = DRAWS) -> Effect:
    """blocks: (values of the arm's runs, of the other's), a number a run; none is empty."""
    assert blocks and all(len(a) and len(b) for a, b in blocks), "a block lacks one of the arms"
    mean = float(np.mean([a.mean() - b.mean() for a, b in blocks]))
    n = sum(len(a) for a, _ in blocks), sum(len(b) for _, b in blocks)
    number = math.prod(math.comb(len(a) + len(b), len(a)) for a, b in blocks)
    if 2 / number > LEVEL:
        return Effect(mean, math.nan, math.nan, math.nan, n, number)
    lost = _enumerated(blocks) if number <= exact else _drawn(blocks, draws)
    as_large = np.mean(lost <= ROUNDING)
    as_small = np.mean(lost >= -ROUNDING)
    p = min(1.0, float(2 * min(as_large, as_small)))
    return Effect(mean, *interval(blocks), p, n, number)


def _enumerated(blocks: Sequence[Block]) -> Values:
    """What the difference loses by every relabelling."""
    lost = np.zeros(1)
    for a, b in blocks:
        swapped = []
        # As many of a for as many of b, up to all of the smaller arm.
        for from_a, from_b in zip(_sums_by_size(a), _sums_by_size(b), strict=False):
            swapped.append(np.subtract.outer(from_a, from_b).ravel())
        own = _weight(a, b, blocks) * np.concatenate(swapped)
        lost = np.add.outer(lost, own).ravel()
    return lost


def _sums_by_size(values: Values) -> list[Values]:
    """[m]: the sums of all choices of m of the values."""
    sums = [np.zeros(1)] + [np.zeros(0)] * len(values)
    for value in values:
        for m in range(len(values), 0, -1):
            sums[m] = np.concatenate([sums[m], sums[m - 1] + value])
    return sums


def _drawn(blocks: Sequence[Block], draws: int) -> Values:
    """The same of relabellings drawn at random, after the labels as they were.

    Seeded, so that a report repeats to the digit.
    """
    rng = np.random.default_rng(0)
    lost = np.zeros(draws + 1)
    for a, b in blocks:
        values = np.concatenate([a, b])
        order = rng.random((draws, len(values))).argsort(axis=1)
        drawn = values[order[:, : len(a)]].sum(axis=1)
        lost[1:] += _weight(a, b, blocks) * (a.sum() - drawn)
    return lost


def _weight(a: Values, b: Values, blocks: Sequence[Block]) -> float:
    """By how much the mean over blocks falls where a run of a makes way for one of b, 1 less."""
    return (1 / len(a) + 1 / len(b)) / len(blocks)
