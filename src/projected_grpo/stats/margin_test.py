import math

import numpy as np
import pytest
from scipy import stats as reference

from projected_grpo.stats.margin import EQUIVALENT, LOWER, NOT_LOWER, OPEN, verdict
from projected_grpo.stats.margin_check import MARGIN, cell, solved
from projected_grpo.stats.welch import interval


def test_it_is_scipys_one_sided_welch_tests_of_shifted_arms_at_half_a_percent():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(300):
        a, b = 0.5 + 0.06 * rng.standard_normal(5), 0.5 + 0.03 * rng.standard_normal(7)
        a += rng.uniform(-0.3, 0.3)

        def p(shift: float, side: str, a=a, b=b) -> float:
            return reference.ttest_ind(a + shift, b, equal_var=False, alternative=side).pvalue

        above, below = p(MARGIN, "greater") < 0.005, p(-MARGIN, "less") < 0.005
        lower = p(MARGIN, "less") < 0.005
        expected = LOWER if lower else OPEN
        if above:
            expected = EQUIVALENT if below else NOT_LOWER
        found.append(verdict(interval([(a, b)]), float(b.mean()), MARGIN))
        assert found[-1] == expected
    assert set(found) == {EQUIVALENT, NOT_LOWER, LOWER, OPEN}


def test_without_an_interval_or_where_the_other_does_no_more_than_the_margin_there_is_none():
    assert verdict((math.nan, math.nan), 0.5, 0.1) is None
    assert verdict((-0.01, 0.01), 0.1, 0.1) is None
    assert verdict((-0.01, 0.01), 0.11, 0.1) == EQUIVALENT


@pytest.mark.parametrize(("n", "points"), [(4, 1), (12, 1), (1, 6)])
def test_arms_at_the_margins_edge_pass_as_good_no_more_often_than_it_says(n, points):
    arms = [solved(dose, 0.5, np.random.default_rng(2)) for dose in (0.0, 0.5)]
    row = cell(arms, n, points)
    assert row["not lower: size"] <= 0.025
    assert row["equivalent: size"] <= 0.025
    assert row["power"] >= row["power "] > row["equivalent: size"]
