import math

from projected_grpo.stats.attempts import hack_given_attempt


def test_hack_given_attempt_is_strict_over_loose_and_undefined_without_attempts():
    assert hack_given_attempt(3, 4) == 0.75
    assert math.isnan(hack_given_attempt(0, 0))
