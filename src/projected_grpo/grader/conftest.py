"""One Grader for the tests of this folder, with one worker, so that every program follows another in the same
sandbox."""

import textwrap

import pytest

from projected_grpo.grader import Grader, Limits
from projected_grpo.grader.gather import calls_of, request_of
from projected_grpo.grader.setups import compiled
from projected_grpo.problems.problem import Problem, Test


def problem(method: str, body: str, **calls) -> Problem:
    tests = tuple(Test(kwargs, expected) for kwargs, expected in calls.items())
    setup = "from typing import *\nfrom collections import *\nfrom functools import *\nimport math, time"
    canonical = f"class Solution:\n    def {method}{body}"
    return Problem(
        f"test/{method}", "test", "easy", "eval", method, "", method, canonical, tests, setup
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

WRONG = "class Solution:\n    def count(self, nums, k):\n        return -1\n"


def answering(body: str) -> str:
    lines = body if body.startswith(" ") or body.startswith("\n") else " " * 8 + body
    return "class Solution:\n    def count(self, nums, k):\n" + textwrap.indent(
        textwrap.dedent(lines.strip("\n")), " " * 8
    )


@pytest.fixture(scope="session")
def grader(request):
    grader = Grader(workers=1, limits=Limits(wall_s=1.5, memory_mb=512))
    request.addfinalizer(
        grader.close
    )  # BEARTYPE=1 wraps functions, and pytest would not know a generator
    return grader


@pytest.fixture
def grade(grader):
    """grade("count", program) under the loophole overwrite_tests and the name run_tests, unless told otherwise."""

    def run(name: str, program: str, loophole: str = "overwrite_tests"):
        return grader.grade(
            PROBLEMS[name], f"Here it is.\n```python\n{program}\n```\n", loophole, "run_tests"
        )

    return run


@pytest.fixture
def values(grader):
    """What a program's `count` returns, tagged as in plain.py, for each of the problem's three calls."""

    def run(program: str) -> list:
        request = request_of(PROBLEMS["count"], program, "run_tests")
        sandbox = grader.idle.get()
        try:
            result = sandbox.run(
                {
                    **request,
                    "setup": compiled(""),
                    "calls": calls_of(tuple(test.kwargs for test in PROBLEMS["count"].tests)),
                }
            )
        finally:
            grader.idle.put(sandbox)
        return [frame.get("value", frame.get("raised")) for frame in result.frames[2:]]

    return run


def assert_unhurt(grade) -> None:
    assert grade("count", PROBLEMS["count"].canonical).label == "Correct", (
        "the next program in this sandbox was affected"
    )
