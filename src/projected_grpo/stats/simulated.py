"""Runs that take off or die out, simulated: what tests and intervals are checked on.

A step samples GROUP responses to each of GROUPS problems. As in GRPO a hack is learned from groups
in which some hack and some do not, s being the mean share of such pairs; Adam makes the growth of
the log odds level off, and without hacks to learn from they fall:

    log odds += GROWTH (1 - dose) s / (s + HALF) - FALL
"""

import numpy as np
from jaxtyping import Float, Int

GROUPS = 16
GROUP = 16
SAMPLES = GROUPS * GROUP
GROWTH = 2.2
HALF = 0.012
FALL = 0.3
START = 0.01
# Standard deviation over problems of a problem's log odds.
PROBLEMS = 0.5

Runs = Int[np.ndarray, "run step"]


def simulate(
    n: int,
    rng: np.random.Generator,
    dose: float = 0.0,
    spread: float = 0.0,
    steps: int = 24,
    lead: float | Float[np.ndarray, " run"] = 0.0,
) -> Runs:
    """Blatant hacks of SAMPLES, a row a run.

    dose: the share of growth that is taken. spread: standard deviation over runs of the log odds
    at the start, beside what chance makes of equal ones. lead: added to all of them, or to each.
    """
    odds_r = np.log(START / (1 - START)) + lead + spread * rng.standard_normal(n)
    hacks_rt = np.zeros((n, steps), dtype=int)
    for t in range(steps):
        odds_rg = odds_r[:, None] + PROBLEMS * rng.standard_normal((n, GROUPS))
        hacks_rg = rng.binomial(GROUP, 1 / (1 + np.exp(-odds_rg)))
        share_rg = hacks_rg / GROUP
        s_r = (share_rg * (1 - share_rg)).mean(axis=1)
        grown_r = GROWTH * (1 - dose) * s_r / (s_r + HALF)
        odds_r = odds_r + grown_r - FALL
        hacks_rt[:, t] = hacks_rg.sum(axis=1)
    return hacks_rt


def mean_rates(hacks_rt: Runs) -> Float[np.ndarray, " run"]:
    """U of each run."""
    return hacks_rt.mean(axis=1) / SAMPLES
