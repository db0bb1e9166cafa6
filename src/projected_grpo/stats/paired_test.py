import math

import numpy as np
import polars as pl
import pytest

from projected_grpo.stats.paired import difference


def frame(cells_sp, samples: int = 1) -> pl.DataFrame:
    """cells_sp[seed][problem]: how many of the samples are true."""
    rows = []
    for seed, cells_p in enumerate(cells_sp):
        for problem, k in enumerate(cells_p):
            rows += [
                {"seed": seed, "problem_id": f"p{problem}", "hit": i < k} for i in range(samples)
            ]
    return pl.DataFrame(rows)


def test_difference_is_the_mean_of_paired_cells():
    arm = np.array([[0, 1, 2, 0], [1, 1, 3, 0]])
    other = np.array([[3, 2, 4, 1], [2, 4, 4, 0]])
    measured = difference(frame(arm, 4), frame(other, 4), "hit")
    assert measured.mean == pytest.approx((arm - other).mean() / 4)
    assert (measured.seeds, measured.n_problems) == ((0, 1), 4)


def test_difference_uses_only_seeds_that_both_have():
    other = frame([[4, 4], [0, 2]], 4)
    measured = difference(frame([[1, 2]], 4), other, "hit")
    assert measured.seeds == (0,)
    assert measured.mean == pytest.approx(-5 / 8)


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    rng, covered = np.random.default_rng(0), 0
    for _ in range(120):
        # Both arms' rates have mean 1/3: the true difference is 0.
        rates_ap = rng.beta(1, 2, size=(2, 40))
        arm, other = (frame([rng.binomial(4, rates_p)], 4) for rates_p in rates_ap)
        measured = difference(arm, other, "hit", draws=1000)
        covered += measured.low <= 0 <= measured.high
    assert 0.88 <= covered / 120 <= 0.99


def test_bootstrap_is_as_wide_as_problems_differ_however_many_samples_each_has():
    few, many = ([[n if p % 2 else 0 for p in range(20)]] for n in (2, 200))
    narrow = difference(frame(few, 2), frame([[0] * 20], 2), "hit")
    wide = difference(frame(many, 200), frame([[0] * 20], 200), "hit")
    assert (wide.low, wide.high) == pytest.approx((narrow.low, narrow.high))
    assert wide.high - wide.low > 0.3


def test_no_spread_over_problems_gives_no_interval_rather_than_a_certain_one():
    measured = difference(frame([[0, 0, 0]], 4), frame([[0, 0, 0]], 4), "hit")
    assert measured.mean == 0
    assert all(math.isnan(value) for value in (measured.low, measured.high))


def test_different_problems_and_disjoint_seeds_are_an_error():
    with pytest.raises(AssertionError, match="different problems"):
        difference(frame([[1, 0, 1]]), frame([[1, 0]]), "hit")
    with pytest.raises(AssertionError, match="share no seed"):
        difference(frame([[1, 0]]), frame([[1, 0]]).with_columns(seed=pl.lit(7)), "hit")
