"""Wilson's interval for a rate."""

import math

from scipy import stats


def wilson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval for k of n independent draws; (nan, nan) for n = 0.

    Source: E. B. Wilson, JASA 22 (1927).
    """
    assert 0 <= k <= n, f"{k} of {n} is no proportion"
    if n == 0:
        return math.nan, math.nan
    z = stats.norm.ppf((1 + confidence) / 2)
    center = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * math.sqrt(k * (n - k) / n + z**2 / 4)
    return max(0.0, float(center - half)), min(1.0, float(center + half))
