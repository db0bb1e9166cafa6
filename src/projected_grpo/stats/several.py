"""Several tests at once: p values that hold for all of them together, in the order given.

A nan is no test: it stays, and counts for none.
"""

import numpy as np
from jaxtyping import Float

PValues = Float[np.ndarray, " test"]


def holm(p: PValues) -> PValues:
    """Source: S. Holm, Scandinavian Journal of Statistics 6 (1979)."""
    adjusted = np.full(len(p), np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    left = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(left * p[order]))
    return adjusted


def fixed_sequence(p: PValues) -> PValues:
    """Each is tested only where all before it rejected; what was not tested ends the sequence."""
    return np.maximum.accumulate(p)
