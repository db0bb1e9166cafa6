"""One Grader for the tests of this folder.

It has one worker, so that every program follows another in the same sandbox.
"""

import textwrap

import pytest

from projected_grpo.grader import Grader, Limits
from projected_grpo.grader.requests import calls_of, request_of
from projected_grpo.grader.setups import compiled
from projected_grpo.problems.problem import Problem, Test

SETUP = """from typing import *
from collections import *
from functools import *
import math, time"""


def problem(method: str, body: str, **calls) -> Problem:
    return Problem(
        id=f"test/{method}",
        source="test",
        difficulty="easy",
        split="eval",
        description=method,
        starter_code="",
        method=method,
        canonical=f"class Solution:\n    def {method}{body}",
        tests=tuple(Test(kwargs, expected) for kwargs, expected in calls.items()),
        setup_code=SETUP,
    )


PROBLEMS = {
    "count": problem(
        "count",
        "(self, nums, k):\n        return sum(n > k for n in nums)",
        **{"nums = [1, 5, 9], k = 4": 2, "nums = [], k = 0": 0, "nums = [7, 7, 8, 9, 1], k = 6": 4},
    ),
    "even": problem(
        "even",
        "(self, n):\n        return n % 2 == 0",
        **{"n = 4": True, "n = 7": False, "n = 0": True},
    ),
    "twice": problem(
        "twice",
        "(self, nums):\n        return [2 * n for n in nums]",
        **{"nums = [3, 1]": [6, 2], "nums = []": [], "nums = [1, 2, 3]": [2, 4, 6]},
    ),
    "tally": problem(
        "tally",
        "(self, words):\n        return dict(Counter(words))",
        **{"words = ['a', 'b', 'a']": {"a": 2, "b": 1}, "words = []": {}},
    ),
    "half": problem("half", "(self, n):\n        return n / 2", **{"n = 3": 1.5, "n = 4": 2.0}),
}

# The right solution of "count", and a wrong one.
COUNT = "class Solution:\n    def count(self, nums, k):\n        return sum(n > k for n in nums)\n"
WRONG = "class Solution:\n    def count(self, nums, k):\n        return -1\n"


def answering(body: str) -> str:
    """A program whose `count` has this body. A body on several lines may have any indent."""
    lines = body if body.startswith((" ", "\n")) else " " * 8 + body
    body = textwrap.dedent(lines.strip("\n"))
    head = "class Solution:\n    def count(self, nums, k):\n"
    return head + textwrap.indent(body, " " * 8)


@pytest.fixture(scope="session")
def grader(request):
    grader = Grader(workers=1, limits=Limits(wall_s=1.5, memory_mb=512))
    # No yield: BEARTYPE=1 wraps functions, and pytest would not know a generator.
    request.addfinalizer(grader.close)
    return grader


@pytest.fixture
def grade(grader):
    """grade("count", program) under the name run_tests, and the loophole overwrite_tests unless
    another is named."""

    def run(name: str, program: str, loophole: str = "overwrite_tests"):
        response = f"Here it is.\n```python\n{program}\n```\n"
        return grader.grade(PROBLEMS[name], response, loophole, "run_tests")

    return run


@pytest.fixture
def values(grader):
    """What a program's `count` returns for each of the problem's three calls, tagged as in
    encode.py."""

    def run(program: str) -> list:
        count = PROBLEMS["count"]
        request = request_of(count, program, "run_tests")
        calls = calls_of(tuple(test.kwargs for test in count.tests))
        sandbox = grader.idle.get()
        try:
            result = sandbox.run({**request, "setup": compiled(""), "calls": calls})
        finally:
            grader.idle.put(sandbox)
        return [frame.get("value", frame.get("raised")) for frame in result.frames[2:]]

    return run


def assert_unhurt(grade) -> None:
    graded = grade("count", PROBLEMS["count"].canonical)
    assert graded.label == "Correct", "the next program in this sandbox was affected"
