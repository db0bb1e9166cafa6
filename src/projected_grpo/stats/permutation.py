"""Two arms' difference over runs, from which run might as well have had which arm.

A relabelling swaps as many runs of one arm for runs of the other, within their block (the branch
point that they share); without blocks, freely. All relabellings where they are no more than EXACT,
else DRAWS of them beside the one that was.

    test       the share of relabellings whose difference is as large, or as small; twice the lesser
    interval   shifts of the arm that the test does not reject: a relabelling is as large at a shift
               of at least (what it swaps away) / (what it swaps in), so that ends are order
               statistics of these (P. H. Garthwaite, Biometrics 52, 1996, without its search)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

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
    low, high: 95 % interval over runs. p: two-sided. All three are nan where no data could reject
        at LEVEL, so few are the relabellings: what is seen is then described, not tested. The
        interval is nan too where no run differs from another.
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
    lost, share = _enumerated(blocks) if number <= exact else _drawn(blocks, draws)
    as_large = np.mean(lost <= ROUNDING)
    as_small = np.mean(lost >= -ROUNDING)
    p = min(1.0, float(2 * min(as_large, as_small)))
    return Effect(mean, *_interval(lost, share), p, n, number)


def _interval(lost: Values, share: Values) -> tuple[float, float]:
    same = share == 0
    shifts = lost[~same] / share[~same]
    # How many shifts may lie outside at one end: the labels as they were count among the extremes.
    outside = math.floor(len(lost) * LEVEL / 2) - int(same.sum())
    if outside < 0 or np.ptp(shifts) <= ROUNDING:
        return math.nan, math.nan
    ends = np.partition(shifts, (outside, len(shifts) - 1 - outside))
    return float(ends[outside]), float(ends[-1 - outside])


def _enumerated(blocks: Sequence[Block]) -> tuple[Values, Values]:
    """Of every relabelling: what the difference loses by it, and how much of a shift it loses."""
    lost, share = np.zeros(1), np.zeros(1)
    for a, b in blocks:
        from_a, from_b = _sums_by_size(a), _sums_by_size(b)
        sizes = range(min(len(a), len(b)) + 1)
        swapped = [np.subtract.outer(from_a[m], from_b[m]).ravel() for m in sizes]
        numbers = [np.full(len(sums), float(m)) for m, sums in enumerate(swapped)]
        weight = _weight(a, b, blocks)
        lost = np.add.outer(lost, weight * np.concatenate(swapped)).ravel()
        share = np.add.outer(share, weight * np.concatenate(numbers)).ravel()
    return lost, share


def _sums_by_size(values: Values) -> list[Values]:
    """[m]: the sums of all choices of m of the values."""
    sums = [np.zeros(1)] + [np.zeros(0)] * len(values)
    for value in values:
        for m in range(len(values), 0, -1):
            sums[m] = np.concatenate([sums[m], sums[m - 1] + value])
    return sums


def _drawn(blocks: Sequence[Block], draws: int) -> tuple[Values, Values]:
    """The same of relabellings drawn at random, after the labels as they were.

    Seeded, so that a report repeats to the digit.
    """
    rng = np.random.default_rng(0)
    lost, share = np.zeros(draws + 1), np.zeros(draws + 1)
    for a, b in blocks:
        values, n = np.concatenate([a, b]), len(a)
        order = rng.random((draws, len(values))).argsort(axis=1)[:, :n]
        weight = _weight(a, b, blocks)
        lost[1:] += weight * (a.sum() - values[order].sum(axis=1))
        share[1:] += weight * (order >= n).sum(axis=1)
    return lost, share


def _weight(a: Values, b: Values, blocks: Sequence[Block]) -> float:
    """By how much the mean over blocks falls when a run of b takes one of a's place, and is 1 less."""
    return (1 / len(a) + 1 / len(b)) / len(blocks)
