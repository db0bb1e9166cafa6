"""Two sandboxes with different hash seeds, and problems in the form of the sites."""

import pytest

from projected_grpo.grader.bwrap import Limits
from projected_grpo.grader.calibrate import calibrated
from projected_grpo.grader.sandbox import Sandbox
from projected_grpo.problems.problem import Problem, Test

DESCRIPTION = """Given an integer array nums and an integer k, return what is asked for.

Example 1:

Input: nums = [1,5,9], k = 4
Output: 2

Constraints:

1 <= nums.length <= 100
0 <= nums[i] <= 1000
0 <= k <= 1000
"""
ABOVE = "return sum(n > k for n in nums)"


def problem(body: str = ABOVE, returns: str = "int", expected: object = 2) -> Problem:
    """A problem whose method f(nums, k) has this body, with one shown test."""
    head = f"class Solution:\n    def f(self, nums: List[int], k: int) -> {returns}:\n        "
    return Problem(
        id="test/f",
        source="test",
        difficulty="easy",
        split="train",
        description=DESCRIPTION,
        starter_code=head,
        method="f",
        canonical=head + body,
        tests=(Test("nums = [1, 5, 9], k = 4", expected),),
        setup_code="from typing import *\nimport random",
    )


@pytest.fixture(scope="session")
def sandboxes(request) -> tuple[Sandbox, Sandbox]:
    limits = calibrated(Limits())
    pair = Sandbox(limits), Sandbox(limits, hash_seed=1)
    # No yield: BEARTYPE=1 wraps functions, and pytest would not know a generator.
    for sandbox in pair:
        request.addfinalizer(sandbox.close)
    return pair
