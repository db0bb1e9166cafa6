from pathlib import Path

import polars as pl
import pytest

from projected_grpo.stats import dose_law
from projected_grpo.stats.logged_dose import LOGGED, cells, counts, logging, permutable, phases

TWELVE_ROUNDS = Path(__file__).parents[3] / "docs/results/2026-11-28-twelve-rounds-qwen1.5b.parquet"
GAIN, TAKEN = LOGGED


def run(name: str, hacks: list[int], gains: list[tuple[float, float]] | None = None, **forms):
    """Metrics of a run with so many blatant hacks of 256; gains: (gain, taken) by step."""
    n = len(hacks)
    steps = pl.DataFrame({"run": name, "step": range(1, n + 1), "n": 256})
    steps = steps.with_columns(pl.Series("labels/blatant", [k / 256 for k in hacks]))
    if gains:
        steps = steps.with_columns(
            pl.Series(GAIN, [gain for gain, _ in gains]),
            pl.Series(TAKEN, [taken for _, taken in gains]),
        )
    return steps.with_columns(**{f"labels/kind/{form}": pl.Series(k) for form, k in forms.items()})


def together(*runs: pl.DataFrame) -> pl.DataFrame:
    return counts(pl.concat(runs, how="diagonal"))


def test_metrics_of_a_run_become_counts_and_gains_of_each_form():
    metrics = run("g-1/some-s3", [4, 8], [(2.0, 1.0), (4.0, 3.0)], prints=[1, 5]).with_columns(
        pl.Series(f"{GAIN}_prints", [0.5, None]), pl.Series(f"{TAKEN}_prints", [0.1, None])
    )
    assert counts(metrics).rows() == [
        ("some", "g-1/3", 1, "blatant", 256, 4, 2.0, 1.0),
        ("some", "g-1/3", 2, "blatant", 256, 8, 4.0, 3.0),
        ("some", "g-1/3", 1, "prints", 256, 1, 0.5, 0.1),
        ("some", "g-1/3", 2, "prints", 256, 5, None, None),
    ]


def test_a_seed_of_two_groups_is_two_runs():
    steps = together(run("g-1/some-s1", [4, 4, 4]), run("g-2/some-s1", [4, 4, 4]))
    assert len(dose_law.growths(steps, {"some": 0.0})) == 2


def test_the_law_of_logged_doses_is_that_of_the_same_doses_given():
    steps = pl.read_parquet(TWELVE_ROUNDS)
    doses = {"contrast": 0.82, "contrast_shuffled": 0.49}
    dose = pl.col("arm").replace_strict(doses, default=None, return_dtype=pl.Float64)
    metrics = steps.select(
        pl.format("rounds/{}-s{}", "arm", "seed").alias("run"),
        "step",
        "n",
        (pl.col("blatant") / pl.col("n")).alias("labels/blatant"),
        pl.when(dose.is_not_null()).then(3.0).alias(GAIN),
        (3 * dose).alias(TAKEN),
    )
    before, grows, _ = cells(counts(metrics), ["vanilla"])
    assert (before.law.slope, before.law.base) == pytest.approx((0.632, 0.379), abs=5e-4)
    assert (before.form, grows.band) == ("blatant", "2 to 10 %")


def test_an_arm_without_a_dose_is_in_no_cell_and_without_any_there_is_none():
    own = run("g/some-s1", [4, 4, 4], [(1.0, 0.5)] * 3)
    untouched, silent = run("g/base-s1", [4, 5, 6]), run("g/silent-s1", [4, 4, 4])
    (cell,) = cells(together(own, untouched, silent), ["base"])
    assert dict(cell.rows.select("arm", "dose").iter_rows()) == {"some": 0.5, "base": 0.0}
    assert logging(together(untouched, silent)) == []
    assert cells(together(untouched, silent), ["base"]) == []


def test_doses_of_three_against_three_runs_are_too_few_to_permute_and_four_against_four_are_not():
    for n in (3, 4):
        base = [run(f"g/base-s{i}", [4, 4, 6]) for i in range(n)]
        some = [run(f"g/some-s{i}", [4, 4, 4], [(1.0, 0.5)] * 3) for i in range(n)]
        (cell,) = cells(together(*base, *some), ["base"])
        assert permutable(dose_law.by_run(cell.rows)) == (n == 4)


def test_a_phases_dose_is_of_sums_over_runs_and_only_gains_above_0_divide():
    one = run("g/some-s1", [2] * 4, [(1.0, 1.0), (3.0, 1.0), (1.0, 0.2), (1.0, 0.2)])
    two = run("g/some-s2", [2] * 4, [(-2.0, -1.0), (1.0, 1.0), (2.0, 1.0), (2.0, 1.0)])
    rows = phases(together(one, two), width=2).to_dicts()
    shown = [(r["first"], r["last"], r["runs"], r["dose"], r["low"], r["high"]) for r in rows]
    assert shown[0] == (1, 2, 2, pytest.approx(2 / 3), pytest.approx(0.5), pytest.approx(0.5))
    assert shown[1] == (3, 4, 2, pytest.approx(0.4), pytest.approx(0.2), pytest.approx(0.5))


def test_a_phase_counts_the_runs_that_took_off_by_its_end_and_leaves_their_later_steps_out():
    gains = [(1.0, 0.8), (1.0, 0.6), (1.0, 0.0), (1.0, 0.0)]
    late = run("g/some-s1", [2, 2, 128, 128], gains)
    never = run("g/some-s2", [2, 2, 2, 2], [(1.0, 0.5)] * 4)
    first, then = phases(together(late, never), width=2).to_dicts()
    assert (first["took_off"], then["took_off"]) == (0, 1)
    assert (first["dose"], first["before"]) == pytest.approx((0.6, 0.6))
    assert (then["dose"], then["before"]) == pytest.approx((0.25, 0.5))
