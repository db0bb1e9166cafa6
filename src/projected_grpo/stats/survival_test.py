import math

import pytest

from projected_grpo.stats.survival import kaplan_meier, log_rank, median

# E. J. Freireich et al., Blood 21 (1963): weeks of remission, and whether it ended.
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
TREATED = [(week, True) for week in ENDED] + [(week, False) for week in CENSORED]
UNTREATED = [(week, True) for week in PLACEBO]


def test_kaplan_meier_and_its_medians_are_those_of_a_published_trial():
    weeks, left = kaplan_meier(TREATED)
    at = dict(zip(weeks, left, strict=True))
    assert [at[week] for week in (6, 10, 23)] == pytest.approx([0.857, 0.753, 0.448], abs=5e-4)
    assert (median(TREATED), median(UNTREATED)) == (23, 8)


def test_the_log_rank_test_of_the_trial_gives_its_chi_squared():
    # 16.79 on one degree of freedom.
    assert log_rank(TREATED, UNTREATED) == pytest.approx(4.17e-5, rel=0.01)


def test_runs_that_never_take_off_have_no_median_and_no_test():
    never = [(24, False)] * 4
    assert median(never) == math.inf
    assert math.isnan(log_rank(never, never))
