import math

import pytest
from scipy import stats as reference

from projected_grpo.stats.intervals import wilson


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
    interval = reference.binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k, n) == pytest.approx(tuple(interval), abs=1e-12)


def test_wilson_of_nothing_is_nan_and_of_the_impossible_an_error():
    assert all(math.isnan(end) for end in wilson(0, 0))
    with pytest.raises(AssertionError, match="3 of 2"):
        wilson(3, 2)
