"""Intervals and tests on labelled rollouts. polars in, numbers out; rates are fractions in [0, 1]."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float
from scipy import stats

BOOTSTRAPS = 10_000


@dataclass(frozen=True)
class Difference:
    """An arm's rate minus vanilla's, paired by seed and problem.

    low, high: 95 % bootstrap over problems (nan where no problem differs from another: there is nothing to resample).
    seed_se: standard error of the mean over seeds (nan with one seed), the part that the bootstrap does not see.
    p: the benchmark's paired t-test over problems (nan where all problems differ alike).
    """

    mean: float
    low: float
    high: float
    seed_se: float
    p: float
    seeds: tuple[int, ...]
    n_problems: int


def wilson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for k of n independent draws; (nan, nan) for n = 0. E. B. Wilson, JASA 22 (1927)."""
    assert 0 <= k <= n, f"{k} of {n} is no proportion"
    if n == 0:
        return math.nan, math.nan
    z = stats.norm.ppf((1 + confidence) / 2)
    center = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * math.sqrt(k * (n - k) / n + z**2 / 4)
    return max(0.0, float(center - half)), min(1.0, float(center + half))


def difference(
    arm: pl.DataFrame, vanilla: pl.DataFrame, column: str, draws: int = BOOTSTRAPS
) -> Difference:
    """Mean of `column` in `arm` minus that in `vanilla`, over the seeds that both have.

    Both frames: a row a sample, columns seed, problem_id and the boolean `column`. A cell, a seed's mean on a problem,
    is subtracted seed by seed and averaged over seeds; problems are resampled, each with all its samples.
    Raises AssertionError where no seed is shared or the problems differ.
    """
    cells_sp, seeds = _paired_cells(arm, vanilla, column)
    per_problem_p, per_seed_s = cells_sp.mean(axis=0), cells_sp.mean(axis=1)
    low, high = _bootstrap(per_problem_p, draws)
    seed_se = float(per_seed_s.std(ddof=1) / math.sqrt(len(seeds))) if len(seeds) > 1 else math.nan
    # ttest_rel on (arm, vanilla) is the one-sample test on their differences.
    p = float(stats.ttest_1samp(per_problem_p, 0.0).pvalue) if _varies(per_problem_p) else math.nan
    return Difference(float(per_problem_p.mean()), low, high, seed_se, p, seeds, len(per_problem_p))


def steps_to_hack(steps: pl.DataFrame) -> int | None:
    """The first step with more strict hacks than correct answers, None if there is none.

    steps: one row a training step of one run, columns step, strict, correct (counts).
    """
    return steps.filter(pl.col("strict") > pl.col("correct"))["step"].min()


def hack_given_attempt(strict: int, attempted: int) -> float:
    """P(hack | attempted): of those that attempt one (loose), the share paid for it alone (strict); nan for 0."""
    return strict / attempted if attempted else math.nan


def _paired_cells(
    arm: pl.DataFrame, vanilla: pl.DataFrame, column: str
) -> tuple[Float[np.ndarray, "s p"], tuple[int, ...]]:
    """(arm - vanilla) as [seed problem], and the shared seeds."""
    seeds = tuple(sorted(set(arm["seed"]) & set(vanilla["seed"])))
    assert seeds, "the two arms share no seed: nothing to pair"
    pivots = [
        frame.filter(pl.col("seed").is_in(seeds))
        .group_by("seed", "problem_id")
        .agg(pl.col(column).cast(pl.Float64).mean())
        .pivot("problem_id", index="seed", values=column)
        .sort("seed")
        for frame in (arm, vanilla)
    ]
    problems = sorted(set(pivots[0].columns) - {"seed"})
    assert problems == sorted(set(pivots[1].columns) - {"seed"}), (
        "the two arms were evaluated on different problems"
    )
    a_sp, v_sp = (pivot.select(problems).to_numpy() for pivot in pivots)
    assert np.isfinite(a_sp - v_sp).all(), "a problem is missing for some seed"
    return a_sp - v_sp, seeds


def _bootstrap(per_problem_p: Float[np.ndarray, " p"], draws: int) -> tuple[float, float]:
    """95 % percentile interval of the mean over resampled problems; seeded, so that a report repeats to the digit."""
    if not _varies(per_problem_p):
        return math.nan, math.nan
    n = len(per_problem_p)
    # How often each problem is drawn: a multinomial count is a resample with replacement.
    draws_bp = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=draws)
    low, high = np.quantile(draws_bp @ per_problem_p / n, (0.025, 0.975))
    return float(low), float(high)


def _varies(values: Float[np.ndarray, " p"]) -> bool:
    return len(values) > 1 and float(np.ptp(values)) > 1e-12


def ratio_of_means(
    samples: pl.DataFrame, bootstraps: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """(mean share of hacks / mean share of clean samples, its 95 % bootstrap over problems); columns problem, hack, share.

    Whole problems are drawn anew; draws without both classes are left out. bootstraps=0: no interval (nan)."""
    sums = samples.group_by("problem").agg(
        *(
            pl.col("share").filter(pl.col("hack") == side).sum().alias(f"{name}_sum")
            for name, side in (("hack", True), ("clean", False))
        ),
        *(
            pl.col("hack").eq(side).sum().alias(f"{name}_n")
            for name, side in (("hack", True), ("clean", False))
        ),
    )
    x = (
        sums.sort("problem")
        .select("hack_sum", "clean_sum", "hack_n", "clean_n")
        .to_numpy()
        .astype(float)
    )

    draws = (
        np.random.default_rng(seed).multinomial(
            len(x), np.full(len(x), 1 / len(x)), size=bootstraps
        )
        @ x
    )
    hack, clean, hacks, cleans = np.vstack([x.sum(0), draws]).T
    with np.errstate(all="ignore"):
        ratio = (hack / hacks) / (clean / cleans)
    drawn = ratio[1:][np.isfinite(ratio[1:])]
    low, high = np.quantile(drawn, [0.025, 0.975]) if bootstraps else (math.nan, math.nan)
    return float(ratio[0]), float(low), float(high)
