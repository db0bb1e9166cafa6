from projected_grpo.grader.bwrap import Limits
from projected_grpo.grader.calibrate import calibrated, scaled, slowness


def test_a_machine_three_times_slower_gets_three_times_the_seconds():
    assert scaled(Limits(cpu_s=2, wall_s=5.0), 3.0) == Limits(cpu_s=6, wall_s=15.0)


def test_a_faster_machine_keeps_the_limits_and_noise_changes_none():
    assert scaled(Limits(), 0.3) == Limits() and scaled(Limits(), 1.2).cpu_s == 1 and scaled(Limits(), 1.3).cpu_s == 2


def test_limits_are_scaled_by_what_this_machine_was_measured_at():
    assert calibrated(Limits()) == scaled(Limits(), slowness()) and slowness() > 0
