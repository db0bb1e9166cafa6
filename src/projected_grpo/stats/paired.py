"""The difference of two arms' rates, paired by seed and problem."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float

BOOTSTRAPS = 10_000


@dataclass(frozen=True)
class Difference:
    """An arm's rate minus another's, paired by seed and problem: of these weights, not of the arm.

    low, high: 95 % bootstrap over problems. nan where no problem differs from another: there is
        nothing to resample.
    """

    mean: float
    low: float
    high: float
    seeds: tuple[int, ...]
    n_problems: int


def difference(
    arm: pl.DataFrame, reference: pl.DataFrame, column: str, draws: int = BOOTSTRAPS
) -> Difference:
    """Mean of `column` in `arm` minus that in `reference`, over the seeds that both have.

    Both frames: a row a sample, columns seed, problem_id and the boolean `column`. A cell is a
    seed's mean on a problem. Cells are subtracted seed by seed and averaged over seeds; problems
    are resampled, each with all its samples.
    Raises AssertionError where no seed is shared or the problems differ.
    """
    cells_sp, seeds = _paired_cells(arm, reference, column)
    per_problem_p = cells_sp.mean(axis=0)
    low, high = _bootstrap(per_problem_p, draws)
    return Difference(float(per_problem_p.mean()), low, high, seeds, len(per_problem_p))


def _paired_cells(
    arm: pl.DataFrame, reference: pl.DataFrame, column: str
) -> tuple[Float[np.ndarray, "s p"], tuple[int, ...]]:
    """(arm - reference) as [seed problem], and the shared seeds."""
    seeds = tuple(sorted(set(arm["seed"]) & set(reference["seed"])))
    assert seeds, "the two arms share no seed: nothing to pair"
    a, r = (_cells(frame, seeds, column) for frame in (arm, reference))
    problems = sorted(a.columns)
    assert problems == sorted(r.columns), "the two arms were evaluated on different problems"
    cells_sp = a.select(problems).to_numpy() - r.select(problems).to_numpy()
    assert np.isfinite(cells_sp).all(), "a problem is missing for some seed"
    return cells_sp, seeds


def _cells(frame: pl.DataFrame, seeds: tuple[int, ...], column: str) -> pl.DataFrame:
    """A row a seed, in order, and a column a problem: the seed's mean on the problem."""
    means = (
        frame.filter(pl.col("seed").is_in(seeds))
        .group_by("seed", "problem_id")
        .agg(pl.col(column).cast(pl.Float64).mean())
    )
    return means.pivot("problem_id", index="seed", values=column).sort("seed").drop("seed")


def _bootstrap(per_problem_p: Float[np.ndarray, " p"], draws: int) -> tuple[float, float]:
    """95 % percentile interval of the mean over resampled problems.

    Seeded, so that a report repeats to the digit.
    """
    n = len(per_problem_p)
    if n < 2 or np.ptp(per_problem_p) <= 1e-12:
        return math.nan, math.nan
    # How often each problem is drawn: a multinomial count is a resample with replacement.
    counts_bp = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=draws)
    low, high = np.quantile(counts_bp @ per_problem_p / n, (0.025, 0.975))
    return float(low), float(high)
