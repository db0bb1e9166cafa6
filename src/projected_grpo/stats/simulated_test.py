import numpy as np

from projected_grpo.stats.permutation import compare
from projected_grpo.stats.simulated import mean_rates, simulate


def test_a_larger_dose_takes_off_later_and_extinctions_make_runs_unlike():
    rng = np.random.default_rng(0)
    U = [mean_rates(simulate(500, rng, dose)) for dose in (0.0, 0.3, 0.5, 1.0)]
    means = [runs.mean() for runs in U]
    assert means == sorted(means, reverse=True)
    assert means[-1] < 0.01
    assert U[2].std() > 2 * U[0].std()


def test_the_permutation_test_rejects_no_more_nulls_than_it_says():
    rng = np.random.default_rng(0)
    U = mean_rates(simulate(2000, rng, dose=0.3, spread=0.5))
    for n, blocks in ((4, 1), (8, 1), (1, 6)):
        rejected = 0
        for _ in range(400):
            drawn = [(rng.choice(U, n), rng.choice(U, n)) for _ in range(blocks)]
            rejected += compare(drawn).p <= 0.05
        assert rejected <= 0.08 * 400
