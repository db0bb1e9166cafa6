"""How much larger a share is in hacks than in clean samples."""

import math

import numpy as np
import polars as pl

SIDES = {"hack": True, "clean": False}


def ratio_of_means(
    samples: pl.DataFrame, bootstraps: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """(mean share of hacks / mean share of clean samples, and its 95 % bootstrap over problems).

    samples: a row a sample, columns problem, hack (boolean), share. Whole problems are drawn anew;
    draws without both classes, or without a share in either, are left out. A draw whose clean
    samples have no share counts as infinite, and so may the upper end be. bootstraps=0: no
    interval (nan).
    """
    sums_p = _by_problem(samples)
    # How often each problem is drawn: a multinomial count is a resample with replacement.
    p = len(sums_p)
    counts_bp = np.random.default_rng(seed).multinomial(p, np.full(p, 1 / p), size=bootstraps)
    totals = np.vstack([sums_p.sum(0), counts_bp @ sums_p])
    hack_sum, clean_sum, hacks, cleans = totals.T
    with np.errstate(all="ignore"):
        ratio = (hack_sum / hacks) / (clean_sum / cleans)
    if not bootstraps:
        return float(ratio[0]), math.nan, math.nan
    drawn = ratio[1:][~np.isnan(ratio[1:])]
    # An order statistic, because none can be interpolated with infinity.
    low, high = np.quantile(drawn, [0.025, 0.975], method="nearest")
    return float(ratio[0]), float(low), float(high)


def _by_problem(samples: pl.DataFrame) -> np.ndarray:
    """[problem 4]: sum of shares in hacks and in clean samples, number of hacks and clean ones."""
    sums = [
        pl.col("share").filter(pl.col("hack") == side).sum().alias(f"{name}_sum")
        for name, side in SIDES.items()
    ]
    numbers = [pl.col("hack").eq(side).sum().alias(f"{name}_n") for name, side in SIDES.items()]
    table = samples.group_by("problem").agg(*sums, *numbers).sort("problem")
    return table.drop("problem").to_numpy().astype(float)


def ratio_of_sums(
    part: pl.Series, whole: pl.Series, stratum: pl.Series, bootstraps: int = 2000, seed: int = 0
) -> tuple[float, float, float]:
    """(Σ part / Σ whole, its 95 % bootstrap over rows): rows are drawn anew within each stratum."""
    sums = np.stack([part.to_numpy(), whole.to_numpy()], axis=1)
    rng = np.random.default_rng(seed)
    drawn = np.zeros((bootstraps, 2))
    for own in stratum.unique().sort():
        rows = sums[(stratum == own).to_numpy()]
        n = len(rows)
        drawn += rng.multinomial(n, np.full(n, 1 / n), size=bootstraps) @ rows
    ratio = float(sums[:, 0].sum() / sums[:, 1].sum())
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return ratio, float(low), float(high)
