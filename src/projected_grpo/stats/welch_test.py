import math

import numpy as np
import pytest
from scipy import stats as reference

from projected_grpo.stats.simulated import mean_rates, simulate
from projected_grpo.stats.welch import interval


def test_one_block_gives_scipys_welch_interval():
    rng = np.random.default_rng(0)
    a, b = rng.random(5), 3 * rng.random(8)
    expected = reference.ttest_ind(a, b, equal_var=False).confidence_interval(0.99)
    assert interval([(a, b)]) == pytest.approx(tuple(expected))


def test_equal_blocks_give_the_interval_of_their_runs_together():
    rng = np.random.default_rng(1)
    a, b = rng.random(6), rng.random(6)
    blocks = [(a[i : i + 2], b[i : i + 2]) for i in (0, 2, 4)]
    assert interval(blocks) == pytest.approx(interval([(a, b)]))


def test_one_run_and_runs_that_are_all_alike_have_no_interval():
    assert all(math.isnan(end) for end in interval([(np.zeros(1), np.arange(5.0))]))
    assert all(math.isnan(end) for end in interval([(np.zeros(4), np.ones(4))]))


def test_it_covers_the_difference_of_simulated_runs_where_the_nominal_one_does_not():
    rng = np.random.default_rng(0)
    arms = [mean_rates(simulate(20_000, rng, dose)) for dose in (0.5, 0.0)]
    truth = arms[0].mean() - arms[1].mean()
    covered = {0.95: 0, 0.99: 0}
    for _ in range(500):
        blocks = [tuple(rng.choice(arm, 6) for arm in arms)]
        for confidence in covered:
            low, high = interval(blocks, confidence)
            covered[confidence] += low <= truth <= high
    assert covered[0.95] / 500 < 0.93 < 0.94 < covered[0.99] / 500
