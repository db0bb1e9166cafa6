from projected_grpo.grader.bwrap import Limits
from projected_grpo.grader.calibrate import calibrated, scaled, slowness


def test_a_machine_twice_as_slow_gets_twice_the_seconds():
    assert scaled(Limits(cpu_s=0.5, module_s=0.2, call_s=0.1, wall_s=5.0), 2.0) == Limits(
        cpu_s=1.0, module_s=0.4, call_s=0.2, wall_s=10.0
    )


def test_a_faster_machine_gets_less_cpu_for_the_same_work_and_as_long_a_clock():
    assert scaled(Limits(cpu_s=0.5, module_s=0.2, call_s=0.1, wall_s=5.0), 0.5) == Limits(
        cpu_s=0.25, module_s=0.1, call_s=0.05, wall_s=5.0
    )


def test_limits_are_scaled_by_what_this_machine_was_measured_at():
    assert calibrated(Limits()) == scaled(Limits(), slowness()) and slowness() > 0
