from pathlib import Path

import numpy as np
import polars as pl
import pytest

from projected_grpo.stats.dose_law import by_form, by_run, growths, law
from projected_grpo.stats.simulated import FALL, GROWTH, HALF, SAMPLES, simulate

TWELVE_ROUNDS = Path(__file__).parents[3] / "docs/results/2026-11-28-twelve-rounds-qwen1.5b.parquet"
DOSES = {"none": 0.0, "some": 0.3, "much": 0.6}


def counts(hacks: dict[str, np.ndarray]) -> pl.DataFrame:
    """arm -> hacks [run step], as the law reads them."""
    rows = []
    for arm, hacks_rt in hacks.items():
        for (seed, step), k in np.ndenumerate(hacks_rt):
            rows.append({"arm": arm, "seed": seed, "step": step + 1, "hacks": int(k)})
    return pl.DataFrame(rows).with_columns(form=pl.lit("blatant"), n=pl.lit(SAMPLES))


def simulated(runs: int) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return counts({arm: simulate(runs, rng, dose) for arm, dose in DOSES.items()})


def in_band(rows: pl.DataFrame, band: str) -> pl.DataFrame:
    return rows.filter(band=band)


def test_the_slope_is_that_of_the_law_that_runs_were_simulated_by():
    rows = in_band(growths(simulated(150), DOSES), "2 to 10 %")
    found = law(rows, draws=200)
    # s is then between .05 and .1, where s / (s + HALF) is .81 to .89.
    expected = GROWTH * 0.07 / (0.07 + HALF)
    assert found.slope == pytest.approx(expected, abs=0.25)
    assert found.base == pytest.approx(-FALL, abs=0.2)
    assert found.p == pytest.approx(1 / 201)


def test_without_a_dose_that_matters_the_test_rejects_about_as_often_as_it_says():
    rejected = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        alike = counts({arm: simulate(6, rng) for arm in DOSES})
        rejected += law(in_band(growths(alike, DOSES), "2 to 10 %"), draws=200).p <= 0.05
    assert rejected <= 8


def test_steps_chosen_by_the_step_before_show_no_return_to_the_mean():
    rng = np.random.default_rng(0)
    still = counts({"none": rng.binomial(SAMPLES, 0.02, size=(300, 24))})
    low = in_band(growths(still, DOSES), "0.4 to 2 %")
    assert by_run(low)["growth"].mean() == pytest.approx(0, abs=0.02)
    # Chosen by its own count, a low step seems to grow.
    own = low.filter(pl.col("growth").is_not_null()).join(still, on=["arm", "seed", "step"])
    chosen = own.filter(pl.col("hacks") < 0.02 * SAMPLES)
    assert chosen["growth"].mean() > 0.2


def test_a_logged_dose_is_of_the_arms_sums_and_goes_before_one_that_is_given():
    table = counts({"none": np.array([[10, 10, 10, 10, 10]])})
    logged = table.with_columns(
        gain=pl.Series([None, 1.0, 3.0, -1.0, 5.0]),
        gain_taken=pl.Series([None, 0.9, 1.5, 0.3, 4.0]),
    )
    rows = growths(logged, {"none": 0.1})
    assert rows["step"].to_list() == [2, 3, 4]
    assert rows["dose"].to_list() == pytest.approx([2.7 / 3] * 3)
    assert growths(table, {"none": 0.1})["dose"].to_list() == [0.1] * 3


def test_noise_of_single_steps_gains_leaves_the_slope_where_it_is():
    rng = np.random.default_rng(0)
    steps = simulated(150)
    dose = steps["arm"].replace_strict(DOSES, return_dtype=pl.Float64).to_numpy()
    noise = rng.standard_normal((2, len(steps)))
    # As large as the mean gain. Divided run by run, it would leave the slope a quarter of itself.
    taken = dose + 0.45 * noise[0] * (dose > 0)
    gain = taken + 1 - dose + 0.9 * noise[1]
    logged = steps.with_columns(gain=gain, gain_taken=taken)
    noisy = law(in_band(growths(logged, {}), "2 to 10 %"), draws=1)
    clean = law(in_band(growths(steps, DOSES), "2 to 10 %"), draws=1)
    assert noisy.slope == pytest.approx(clean.slope, rel=0.15)


def test_an_arm_whose_gain_in_a_band_is_not_above_0_is_left_out_of_it():
    table = counts({arm: np.array([[10, 10, 10, 10]]) for arm in ("none", "some")})
    gain = pl.when(arm="some").then(-1.0).otherwise(1.0)
    rows = growths(table.with_columns(gain=gain, gain_taken=0.1), {})
    assert set(rows["arm"]) == {"none"}


def test_in_twelve_rounds_dose_orders_growth_before_a_hack_grows_and_not_while_it_does():
    steps = pl.read_parquet(TWELVE_ROUNDS)
    doses = {"contrast": 0.82, "contrast_shuffled": 0.49, "vanilla": 0.0}
    rows = growths(by_form(steps, {"blatant": "blatant"}), doses)
    before = law(in_band(rows, "0.4 to 2 %"))
    assert (before.slope, before.base) == pytest.approx((0.632, 0.379), abs=5e-4)
    assert (before.runs, before.steps) == (36, 146)
    assert 0.008 < before.p < 0.02
    assert law(in_band(rows, "2 to 10 %"), draws=500).p > 0.3


def test_an_arm_without_a_dose_and_a_single_dose_are_errors():
    table = counts({"none": np.array([[10, 10, 10, 10]])})
    with pytest.raises(AssertionError, match="no dose"):
        growths(table, {"other": 0.5})
    with pytest.raises(AssertionError, match="no slope"):
        law(growths(table, DOSES))
