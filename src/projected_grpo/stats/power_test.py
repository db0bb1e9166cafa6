import math
from itertools import islice

import numpy as np
import pytest
from scipy import stats as reference

from projected_grpo.stats.permutation import compare
from projected_grpo.stats.power import Design, grown, least, number, p_values, relabellings
from projected_grpo.stats.simulated import mean_rates, simulate


def nth(design: Design, n: int, seed: int = 0):
    return next(islice(grown(design, np.random.default_rng(seed)), n - 1, None))


@pytest.mark.parametrize(("points", "runs"), [(1, 4), (1, 6), (6, 1), (3, 2)])
def test_each_studys_p_is_that_of_the_test_that_reports_print(points, runs):
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 5, points, runs))
    b += 0.3
    expected = [compare(list(zip(*study, strict=True))).p for study in zip(a, b, strict=True)]
    assert p_values(a, b, rng) == pytest.approx(expected)


def test_drawn_relabellings_count_the_labels_as_they_were():
    rng = np.random.default_rng(0)
    drawn = relabellings(1, 20, rng)
    assert len(drawn) < number(1, 20)
    assert drawn[0, 0].nonzero()[0].tolist() == list(range(20))
    assert (drawn.sum(axis=2) == 20).all()
    apart = np.zeros((1, 1, 20)), np.ones((1, 1, 20)) + rng.random((1, 1, 20))
    assert p_values(*apart, rng) == pytest.approx([2 / len(drawn)])


def test_power_for_normal_runs_is_nearly_that_of_students_t():
    rng = np.random.default_rng(1)
    n, shift, studies = 12, 1.2, 3000
    a = rng.standard_normal((studies, 1, n)) + shift
    rejecting = (p_values(a, rng.standard_normal((studies, 1, n)), rng) <= 0.05).mean()
    df, away = 2 * n - 2, shift * math.sqrt(n / 2)
    edge = reference.t.ppf(0.975, df)
    students = reference.nct.sf(edge, df, away) + reference.nct.cdf(-edge, df, away)
    assert rejecting == pytest.approx(students, abs=0.025)


def test_power_for_simulated_runs_is_that_of_studies_tested_one_by_one_by_scipy():
    def mean_difference(a, b, axis):
        return a.mean(axis=axis) - b.mean(axis=axis)

    n, studies = 5, 200
    rng = np.random.default_rng(2)
    rejecting = 0
    for _ in range(studies):
        a, b = (mean_rates(simulate(n, rng, dose, spread=0.5)) for dose in (0.5, 0.0))
        exact = reference.permutation_test((a, b), mean_difference, n_resamples=np.inf)
        rejecting += exact.pvalue <= 0.05
    ours = nth(Design((0.5, 0.0), studies=2000), n)
    power = (p_values(*ours, rng) <= 0.05).mean()
    s = math.sqrt(power * (1 - power) * (1 / studies + 1 / 2000))
    assert rejecting / studies == pytest.approx(power, abs=3 * s)


@pytest.mark.parametrize(
    ("n", "replicates", "nominal"),
    [(4, None, 2 / 70), (8, None, 0.05), (6, 1, 2 / 64), (4, 2, 0.05)],
)
def test_arms_of_one_dose_are_told_apart_as_often_as_the_level_says(n, replicates, nominal):
    studies = 4000
    design = Design((0.3, 0.3), replicates=replicates, studies=studies)
    rejecting = (p_values(*nth(design, n), np.random.default_rng(0)) <= 0.05).mean()
    # As near as relabellings allow, and as chance.
    assert rejecting == pytest.approx(nominal, abs=3.5 * math.sqrt(nominal / studies))


@pytest.mark.parametrize(("replicates", "n"), [(None, 4), (1, 6), (2, 3)])
def test_the_least_n_is_that_at_which_reports_begin_to_test(replicates, n):
    design = Design((0.5, 0.0), replicates=replicates)
    assert least(design) == n
    for tried, tested in ((n - 1, False), (n, True)):
        points, runs = (tried, replicates) if replicates else (1, tried)
        blocks = [(np.arange(runs) * 1.0, np.arange(runs) + 9.0)] * points
        assert math.isnan(compare(blocks).p) != tested


def test_a_study_goes_on_with_the_runs_that_it_has():
    small, large = (nth(Design((0.5, 0.0), replicates=2, studies=100), n) for n in (2, 3))
    for before, after in zip(small, large, strict=True):
        assert after.shape == (100, 3, 2)
        assert (after[:, :2] == before).all()


def test_runs_of_a_point_start_alike_and_runs_without_points_do_not():
    def shared(design: Design, axis: int) -> float:
        a, b = nth(design, 4)
        flat = [arm.mean(axis=2).ravel() for arm in (a, b)]
        return float(np.corrcoef(*flat)[0, 1])

    assert shared(Design((0.3, 0.3), spread=1.0, replicates=4), 1) > 0.3
    assert abs(shared(Design((0.3, 0.3), spread=1.0), 1)) < 0.15
