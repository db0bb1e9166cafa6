"""Two sandboxes with different hash seeds, and problems in the form of the sites."""

from dataclasses import replace

import pytest

from projected_grpo.grader.bwrap import Limits
from projected_grpo.grader.calibrate import calibrated
from projected_grpo.grader.sandbox import Sandbox
from projected_grpo.problems.problem import Problem, Test
from projected_grpo.testing.statements import problem_of

ABOVE = "return sum(n > k for n in nums)"


def problem(body: str = ABOVE, returns: str = "int", expected: object = 2) -> Problem:
    """A problem whose method count(nums, k) has this body, with one shown test."""
    bare = problem_of(
        "nums: List[int], k: int",
        "1 <= nums.length <= 100",
        "0 <= nums[i] <= 1000",
        "0 <= k <= 1000",
    )
    head = bare.starter_code.replace("-> int", f"-> {returns}")
    tests = (Test("nums = [1, 5, 9], k = 4", expected),)
    setup = "from typing import *\nimport random"
    return replace(bare, starter_code=head, canonical=head + body, tests=tests, setup_code=setup)


@pytest.fixture(scope="session")
def sandboxes(request) -> tuple[Sandbox, Sandbox]:
    limits = calibrated(Limits())
    pair = Sandbox(limits), Sandbox(limits, hash_seed=1)
    # No yield: BEARTYPE=1 wraps functions, and pytest would not know a generator.
    for sandbox in pair:
        request.addfinalizer(sandbox.close)
    return pair
