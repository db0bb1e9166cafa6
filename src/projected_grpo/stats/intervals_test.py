import math

import numpy as np
import polars as pl
import pytest
from scipy import stats as reference

from projected_grpo.stats.intervals import difference, hack_given_attempt, steps_to_hack, wilson


def frame(cells_sp, samples: int = 1) -> pl.DataFrame:
    """cells_sp[seed][problem]: how many of the samples are true."""
    return pl.DataFrame(
        [
            {"seed": s, "problem_id": f"p{p}", "hit": i < k}
            for s, row in enumerate(cells_sp)
            for p, k in enumerate(row)
            for i in range(samples)
        ]
    )


# Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombes_published_intervals(k, n, low, high):
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (7, 9), (500, 1000)])
def test_wilson_equals_scipys(k, n):
    assert wilson(k, n) == pytest.approx(
        tuple(reference.binomtest(k, n).proportion_ci(method="wilson")), abs=1e-12
    )


def test_wilson_of_nothing_is_nan_and_of_the_impossible_an_error():
    assert all(math.isnan(end) for end in wilson(0, 0))
    with pytest.raises(AssertionError, match="3 of 2"):
        wilson(3, 2)


def test_difference_is_the_mean_of_paired_cells_with_the_benchmarks_t_test():
    arm, vanilla = np.array([[0, 1, 2, 0], [1, 1, 3, 0]]), np.array([[3, 2, 4, 1], [2, 4, 4, 0]])
    found = difference(frame(arm, 4), frame(vanilla, 4), "hit")
    assert found.mean == pytest.approx((arm - vanilla).mean() / 4)
    assert found.p == pytest.approx(
        reference.ttest_rel(arm.mean(axis=0) / 4, vanilla.mean(axis=0) / 4).pvalue
    )
    assert found.seed_se == pytest.approx(
        np.std((arm - vanilla).mean(axis=1) / 4, ddof=1) / math.sqrt(2)
    )
    assert (found.seeds, found.n_problems) == ((0, 1), 4)


def test_difference_uses_only_seeds_that_both_have():
    vanilla = frame([[4, 4], [0, 2]], 4)
    found = difference(frame([[1, 2]], 4), vanilla, "hit")
    assert found.seeds == (0,)
    assert found.mean == pytest.approx(-5 / 8)
    assert math.isnan(found.seed_se)


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    rng, covered = np.random.default_rng(0), 0
    for _ in range(120):
        rates_p = rng.beta(1, 2, size=(2, 40))  # means 1/3 and 1/3: the true difference is 0
        arm, vanilla = (frame([rng.binomial(4, rates)], 4) for rates in rates_p)
        found = difference(arm, vanilla, "hit", draws=1000)
        covered += found.low <= 0 <= found.high
    assert 0.88 <= covered / 120 <= 0.99


def test_bootstrap_is_as_wide_as_problems_differ_however_many_samples_each_has():
    few, many = ([[n if p % 2 else 0 for p in range(20)]] for n in (2, 200))
    narrow = difference(frame(few, 2), frame([[0] * 20], 2), "hit")
    wide = difference(frame(many, 200), frame([[0] * 20], 200), "hit")
    assert (wide.low, wide.high) == pytest.approx((narrow.low, narrow.high))
    assert wide.high - wide.low > 0.3


def test_no_spread_over_problems_gives_no_interval_rather_than_a_certain_one():
    found = difference(frame([[0, 0, 0]], 4), frame([[0, 0, 0]], 4), "hit")
    assert found.mean == 0
    assert all(math.isnan(value) for value in (found.low, found.high, found.p))


def test_different_problems_and_disjoint_seeds_are_an_error():
    with pytest.raises(AssertionError, match="different problems"):
        difference(frame([[1, 0, 1]]), frame([[1, 0]]), "hit")
    with pytest.raises(AssertionError, match="share no seed"):
        difference(frame([[1, 0]]), frame([[1, 0]]).with_columns(seed=pl.lit(7)), "hit")


def test_steps_to_hack_is_the_first_step_with_more_hacks_than_correct_answers():
    steps = pl.DataFrame({"step": [1, 2, 3, 4], "strict": [0, 3, 4, 9], "correct": [5, 3, 3, 1]})
    assert steps_to_hack(steps) == 3
    assert steps_to_hack(steps.head(2)) is None


def test_hack_given_attempt_is_strict_over_loose_and_undefined_without_attempts():
    assert hack_given_attempt(3, 4) == 0.75
    assert math.isnan(hack_given_attempt(0, 0))
