"""The dose law: the log odds of a blatant hack grow by a rate that the dose in force cuts.

    logit p(t+1) - logit p(t) = base + slope (1 - dose),    by form and band of p

A step is chosen by the counts of the step before it, p(t-1). Chosen by its own, p(t) would be low
in a low band by luck as often as by nature, and the next step's return to what it was would pass
for growth, or for decline. Weights come from p(t-1) for the same reason: the noise of p(t) and
p(t+1) would otherwise choose its own weight.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float

LAW_COLUMNS = (
    "arm",
    "seed",
    "step",
    "form",
    "band",
    "rate",
    "growth",
    "weight",
    "dose",
)
# Of the step before.
BANDS = ((0.004, 0.02), (0.02, 0.1), (0.1, 0.3))
DRAWS = 10_000
# Added to hacks and to the others, so that none is no infinity: J. Haldane, Annals of Human
# Genetics 20 (1956).
HALF = 0.5

PerRun = Float[np.ndarray, " run"]


@dataclass(frozen=True)
class Law:
    """slope: growth of the log odds a step, for a dose 1 less. base: at a dose of 1.

    p: two-sided, of the slope, from doses permuted over runs. runs, steps: behind it.
    """

    slope: float
    base: float
    p: float
    runs: int
    steps: int


def by_form(steps: pl.DataFrame, forms: dict[str, str]) -> pl.DataFrame:
    """What `growths` reads, from a row a run and step. forms: form -> its column of counts."""
    parts = []
    for form, column in forms.items():
        part = steps.with_columns(form=pl.lit(form), hacks=pl.col(column).cast(pl.Int64))
        parts.append(part.with_columns(pl.col("n").cast(pl.Int64)))
    return pl.concat(parts)


def growths(counts: pl.DataFrame, doses: dict[str, float]) -> pl.DataFrame:
    """A row a form, run and step t in a band: LAW_COLUMNS.

    counts: a row a form, run and step: arm, seed, step, form, n, hacks; gain, gain_taken where the
    run logged them (null where not). doses: arm -> dose, of arms that log none.
    rate: at t - 1. weight: of growth, its inverse variance up to a factor were the rate to stay.
    dose: of the arm in that band, gain_taken over gain, each summed over its runs' steps first; an
    arm whose gain there is unknown or not above 0 has no rows. A run's own few steps are too noisy
    to be divided (docs/statistics.md).
    """
    run = ["form", "arm", "seed"]
    k, n = pl.col("hacks"), pl.col("n")
    k_before = k.shift(1).over(run)
    n_before = n.shift(1).over(run)
    if "gain" not in counts.columns:
        unknown = pl.lit(None, pl.Float64)
        counts = counts.with_columns(gain=unknown, gain_taken=unknown)
    odds = (k + HALF) / (n - k + HALF)
    growth = odds.log().shift(-1).over(run) - odds.log()
    smooth = (k_before + HALF) / (n_before + 2 * HALF)
    rows = counts.sort(*run, "step").with_columns(
        rate=k_before / n_before,
        growth=growth,
        weight=n * smooth * (1 - smooth),
        logs=pl.col("gain").is_not_null().any().over("arm"),
    )
    rows = rows.drop_nulls(["rate", "growth"])
    banded = []
    for low, high in BANDS:
        within = pl.col("rate").is_between(low, high, closed="left")
        name = f"{100 * low:g} to {100 * high:g} %"
        banded.append(rows.filter(within).with_columns(band=pl.lit(name)))
    return _dosed(pl.concat(banded), doses)


def _dosed(rows: pl.DataFrame, doses: dict[str, float]) -> pl.DataFrame:
    within = ["form", "band", "arm"]
    gain = pl.col("gain").sum().over(within)
    taken = pl.col("gain_taken").sum().over(within)
    given = pl.col("arm").replace_strict(doses, default=None, return_dtype=pl.Float64)
    logged = pl.when(gain > 0).then(taken / gain)
    dosed = rows.with_columns(dose=pl.when("logs").then(logged).otherwise(given))
    assert not dosed.filter(~pl.col("logs"))["dose"].has_nulls(), "an arm has no dose"
    return dosed.drop_nulls("dose").select(LAW_COLUMNS)


def by_run(rows: pl.DataFrame) -> pl.DataFrame:
    """rows: of one form and band. A row a run: arm, seed, growth, weight, dose, steps.

    growth: the steps' weighted mean. weight: their sum.
    """
    mean = (pl.col("growth") * pl.col("weight")).sum() / pl.col("weight").sum()
    return (
        rows.group_by("arm", "seed", maintain_order=True)
        .agg(
            growth=mean, weight=pl.col("weight").sum(), dose=pl.col("dose").first(), steps=pl.len()
        )
        .sort("arm", "seed")
    )


def law(rows: pl.DataFrame, draws: int = DRAWS) -> Law:
    """rows: of one form and band, as `growths` has them.

    Weighted least squares over runs, a run's weight being that of its steps together. The test
    permutes doses over runs, so that steps of a run stay together: (b + 1) / (draws + 1), seeded.
    """
    runs = by_run(rows)
    assert runs["dose"].n_unique() > 1, "one dose alone has no slope"
    left = 1 - runs["dose"].to_numpy()
    growth = runs["growth"].to_numpy()
    weight = runs["weight"].to_numpy()
    slope, base = _fit(left, growth, weight)
    rng = np.random.default_rng(0)
    as_far = 1
    for _ in range(draws):
        drawn, _ = _fit(rng.permutation(left), growth, weight)
        as_far += abs(drawn) >= abs(slope) - 1e-12
    p = float(as_far / (draws + 1))
    return Law(slope, base, p, len(runs), int(runs["steps"].sum()))


def _fit(x: PerRun, y: PerRun, weight: PerRun) -> tuple[float, float]:
    """(slope, base) of weighted least squares."""
    x_mean = np.average(x, weights=weight)
    y_mean = np.average(y, weights=weight)
    apart = weight * (x - x_mean)
    slope = apart @ (y - y_mean) / (apart @ (x - x_mean))
    return float(slope), float(y_mean - slope * x_mean)
