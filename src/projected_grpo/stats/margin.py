"""Whether an arm's mean is as good as another's within a margin: non-inferiority and equivalence.

By the two ends of `welch.interval`, each of which is a one-sided test at nominal .005: both at once
are two one-sided tests (D. J. Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987).
Nominal .005, because simulated sizes at the margin's edge are up to .02 then; the permutation test
of shifted arms is exact only for arms that differ by a shift, and rejects up to .07 of nulls at
.025 where they differ in spread as well (docs/statistics.md).
"""

import math

EQUIVALENT = "equivalent"
NOT_LOWER = "not lower"
LOWER = "lower"
OPEN = "open"


def verdict(interval: tuple[float, float], other: float, margin: float) -> str | None:
    """interval: of the arm's mean minus the other's. other: that one's mean.

    EQUIVALENT: within the margin on both sides. NOT_LOWER: lower by less than it. LOWER: by more.
    None without an interval, and where `other` is not above the margin: an arm that does nothing
    at all would be as good.
    """
    low, high = interval
    if math.isnan(low) or other <= margin:
        return None
    if low > -margin:
        return EQUIVALENT if high < margin else NOT_LOWER
    return LOWER if high < -margin else OPEN
