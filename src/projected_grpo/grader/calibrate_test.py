"""Limits that allow the same work on a fast machine and on a slow one."""

from projected_grpo.grader.bwrap import Limits
from projected_grpo.grader.calibrate import scaled

LIMITS = Limits(cpu_s=0.5, module_s=0.2, call_s=0.1, wall_s=5.0)


def test_a_machine_twice_as_slow_gets_twice_the_seconds():
    twice = Limits(cpu_s=1.0, module_s=0.4, call_s=0.2, wall_s=10.0)
    assert scaled(LIMITS, 2.0) == twice


def test_a_faster_machine_gets_less_cpu_for_the_same_work_and_as_long_a_clock():
    half = Limits(cpu_s=0.25, module_s=0.1, call_s=0.05, wall_s=5.0)
    assert scaled(LIMITS, 0.5) == half
