import numpy as np
import pytest

from projected_grpo.stats.several import fixed_sequence, holm


def test_holm_multiplies_by_the_tests_that_are_left_and_never_falls():
    adjusted = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.6, 0.7])) == pytest.approx([1, 1])


def test_holm_leaves_out_what_was_not_tested():
    adjusted = holm(np.array([np.nan, 0.02, 0.03]))
    assert adjusted == pytest.approx([np.nan, 0.04, 0.04], nan_ok=True)


def test_a_fixed_sequence_rejects_none_behind_one_that_it_does_not():
    assert fixed_sequence(np.array([0.01, 0.2, 0.001])) == pytest.approx([0.01, 0.2, 0.2])
    after_none = fixed_sequence(np.array([0.01, np.nan, 0.001]))
    assert after_none == pytest.approx([0.01, np.nan, np.nan], nan_ok=True)
