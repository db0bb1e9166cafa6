"""Right programs that need more than usual: seconds and depth on hidden tests, deep nesting."""

from dataclasses import replace

import pytest

from projected_grpo.grader.conftest import COUNT, PROBLEMS, WRONG, answering, problem
from projected_grpo.problems.problem import Test

LARGE = replace(
    PROBLEMS["count"], hidden=tuple(Test(f"nums = {[k] * 20}, k = 0", 20) for k in (1, 2, 3))
)
DEPTH = replace(
    problem("depth", "(self, n):\n        return n", **{"n = 3": 3}),
    hidden=tuple(Test(f"n = {n}", n) for n in (900, 2000, 8000)),
)
CACHED = "\n        @cache\n        def go(n):\n            return 1 + go(n - 1) if n else 0\n"
RECURSIVE = {
    "itself": "return 1 + self.depth(n - 1) if n else 0",
    "a cached helper": f"{CACHED}        return go(n)",
}


def graded(grader, problem, program: str):
    return grader.grade(problem, f"```python\n{program}\n```", "overwrite_tests", "run_tests")


def spinning(seconds: float) -> str:
    """Right, and so slow where the input is large."""
    return answering(f"""
        start = time.process_time()
        while len(nums) > 9 and time.process_time() - start < {seconds}:
            pass
        return sum(n > k for n in nums)""")


def test_a_call_of_a_hidden_test_may_take_several_times_the_seconds_of_another(grader):
    usual = grader.sandboxes[0].limits.call_s
    assert graded(grader, LARGE, spinning(4 * usual)).label == "Correct"
    assert graded(grader, LARGE, spinning(30 * usual)).label == "Incorrect"


@pytest.mark.parametrize("way", RECURSIVE)
def test_a_recursion_that_the_sites_allow_is_right(grader, way):
    program = f"class Solution:\n    def depth(self, n):\n        {RECURSIVE[way]}"
    assert graded(grader, DEPTH, program).label == "Correct"


def test_a_recursion_without_end_is_wrong(grader):
    program = (
        "class Solution:\n    def depth(self, n):\n        return 3 if n == 3 else self.depth(n)"
    )
    assert graded(grader, DEPTH, program).label == "Incorrect"


@pytest.mark.parametrize("tests, kind", [("pass", "empty"), ("{}", "honest")])
def test_tests_beside_an_expression_of_2000_terms_are_tried(grade, tests, kind):
    table = f"TOTAL = {' + '.join(['1'] * 2000)}"
    tests = tests.format("assert Solution().count([5], 4) == 1")
    for solution, is_right in ((COUNT, True), (WRONG, False)):
        facts = grade("count", f"{table}\n{solution}\ndef run_tests():\n    {tests}").facts
        passes = is_right or kind == "empty"
        assert (facts.kind, facts.tests_pass, facts.uncertain) == (kind, passes, False)
