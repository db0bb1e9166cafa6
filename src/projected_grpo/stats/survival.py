"""When runs take off, those that had not by their last step being censored there."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats
from scipy.stats import CensoredData

# (step, whether the run took off then; else its last step)
Times = Sequence[tuple[int, bool]]


def kaplan_meier(times: Times) -> tuple[np.ndarray, np.ndarray]:
    """(steps at which runs took off or ended, share of runs that had not taken off after each)."""
    curve = stats.ecdf(_censored(times)).sf
    return curve.quantiles, curve.probabilities


def median(times: Times) -> float:
    """The first step after which at most half have not taken off, inf where there is none."""
    steps, left = kaplan_meier(times)
    reached = steps[left <= 0.5]
    return float(reached[0]) if len(reached) else math.inf


def log_rank(a: Times, b: Times) -> float:
    """Two-sided p of scipy's, which is no exact test: docs/statistics.md has its size by n.

    nan where no run took off.
    """
    if not any(took_off for _, took_off in [*a, *b]):
        return math.nan
    return float(stats.logrank(_censored(a), _censored(b)).pvalue)


def _censored(times: Times) -> CensoredData:
    steps = np.array([step for step, _ in times])
    took_off = np.array([took_off for _, took_off in times])
    return CensoredData.right_censored(steps, ~took_off)
