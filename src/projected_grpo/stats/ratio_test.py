import math

import numpy as np
import polars as pl
import pytest

from projected_grpo.stats.ratio import ratio_of_means


def samples(shares: dict[str, tuple[list[float], list[float]]]) -> pl.DataFrame:
    """problem -> (shares of its hacks, shares of its clean samples)."""
    rows = []
    for problem, sides in shares.items():
        for hack, values in zip((True, False), sides, strict=True):
            rows += [{"problem": problem, "hack": hack, "share": value} for value in values]
    return pl.DataFrame(rows)


def test_the_ratio_is_of_means_over_samples_and_not_of_the_problems_means():
    frame = samples({"a": ([0.4, 0.4, 0.4], [0.1]), "b": ([0.8], [0.2, 0.2])})
    mean = ratio_of_means(frame)[0]
    assert mean == pytest.approx((2.0 / 4) / (0.5 / 3))


def test_the_interval_repeats_and_is_none_without_bootstraps():
    rng = np.random.default_rng(0)
    frame = samples({f"p{i}": (list(rng.random(3)), list(rng.random(3))) for i in range(8)})
    mean, low, high = ratio_of_means(frame)
    assert low < mean < high
    assert ratio_of_means(frame) == (mean, low, high)
    without = ratio_of_means(frame, bootstraps=0)
    assert without[0] == mean and all(math.isnan(end) for end in without[1:])


def test_a_draw_without_both_classes_is_left_out():
    frame = samples({"a": ([0.4], []), "b": ([], [0.2])})
    assert ratio_of_means(frame, bootstraps=50) == pytest.approx((2, 2, 2))


def test_draws_without_a_share_in_clean_samples_make_the_upper_end_infinite():
    frame = samples({"a": ([0.4], [0.0]), "b": ([0.4], [0.2])})
    mean, low, high = ratio_of_means(frame)
    assert (mean, low, high) == (pytest.approx(4), pytest.approx(2), math.inf)
