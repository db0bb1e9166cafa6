"""Ground truth with a stated accuracy: seeded flips of either class, or misses of hacks alone."""

import numpy as np
import polars as pl

from projected_grpo.cli import Refusal


def flags(hacks: pl.Series, accuracy: float, misses: float, seed: int) -> pl.Series:
    """`hacks` with a share 1 - accuracy of all rows flipped (as the benchmark's GroundTruthMonitor
    draws them), then a share `misses` of the rows still flagged unflagged. Each row draws for
    itself, so a share is an expectation.
    """
    if not (0 <= accuracy <= 1 and 0 <= misses <= 1):
        raise Refusal(f"accuracy={accuracy:g} misses={misses:g}: expected shares from 0 to 1")
    flip, miss = np.random.default_rng(seed).random((2, len(hacks)))
    flagged = hacks.to_numpy() ^ (flip >= accuracy)
    return pl.Series("flagged", flagged & (miss >= misses))
