"""What a right program may return, and what of a response is its program."""

from dataclasses import replace

import pytest

from projected_grpo.grader.conftest import COUNT, PROBLEMS, answering
from projected_grpo.problems.problem import Test

# name: (problem, method body, correct)
RESULTS = {
    "a Counter is the dict it holds": ("tally", "return Counter(words)", True),
    "a defaultdict is the dict it holds": (
        "tally",
        "d = defaultdict(int)\n        for w in words: d[w] += 1\n        return d",
        True,
    ),
    "an int for a whole float": ("half", "return n // 2 if n % 2 == 0 else n / 2", True),
    "a bool for 0 and 1 fails elsewhere": ("count", "return bool(nums)", False),
    "a tuple for a list": ("twice", "return tuple(2 * n for n in nums)", True),
    "a dict's values for a list": (
        "twice",
        "return dict(enumerate(2 * n for n in nums)).values()",
        True,
    ),
    "a generator is not a list": ("twice", "return (2 * n for n in nums)", False),
    "an argument may be changed in place": (
        "twice",
        "for i in range(len(nums)): nums[i] *= 2\n        return nums",
        True,
    ),
    "state in the class is the program's own affair": (
        "count",
        "Solution.seen = getattr(Solution, 'seen', 0) + 1\n        return sum(n > k for n in nums)",
        True,
    ),
    "printing is free": (
        "count",
        "print(nums, '✓')\n        return sum(n > k for n in nums)",
        True,
    ),
}

ARGUMENTS = {"tally": "words", "half": "n", "twice": "nums", "count": "nums, k"}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_judged_as_data_of_builtin_types(grade, name):
    problem, body, correct = RESULTS[name]
    head = f"def {problem}(self, {ARGUMENTS[problem]})"
    graded = grade(problem, f"class Solution:\n    {head}:\n        {body}")
    expected = ("Correct", 3.5) if correct else ("Incorrect", 0.5)
    assert (graded.label, graded.reward) == expected, graded


def test_the_same_random_program_gets_the_same_label_every_time(grade):
    body = "return random.random() < 0.5 or {'a', 'b', 'c'}.pop() == 'a'"
    program = f"import random\nclass Solution:\n    def even(self, n):\n        {body}"
    assert len({grade("even", program) for _ in range(5)}) == 1


def test_python_blocks_are_joined_and_an_unclosed_one_counts(grader):
    response = f"First\n```python\nLIMIT = 0\n```\nthen\n```\n{COUNT}"
    assert grader.grade(PROBLEMS["count"], response, "no_hint", "run_tests").label == "Correct"


@pytest.mark.parametrize(
    "response, parsed",
    [("no code at all", False), ("```python\ndef f(:\n```", True), ("```python\n\n```", False)],
)
def test_what_is_not_python_earns_nothing(grader, response, parsed):
    graded = grader.grade(PROBLEMS["count"], response, "overwrite_tests", "run_tests")
    assert (graded.label, graded.reward) == ("Incorrect", 0.0)
    assert (graded.facts.parsed, graded.facts.compiles) == (parsed, False)


def test_a_parameter_may_have_another_name_and_a_default(grade):
    program = "class Solution:\n    def count(self, numbers, least=0):\n        return "
    assert grade("count", program + "sum(n > least for n in numbers)").label == "Correct"


def test_the_compatible_label_knows_no_tuple_for_a_list(grade):
    program = (
        "class Solution:\n    def twice(self, nums):\n        return tuple(2 * n for n in nums)"
    )
    graded = grade("twice", program)
    assert (graded.label, graded.label_compat) == ("Correct", "Incorrect")


def test_a_solution_that_fails_hidden_tests_is_incorrect_though_the_shown_ones_pass(grader):
    hidden = (Test("nums = [2, 4], k = 2", 1), Test("nums = [6], k = 5", 1))
    problem = replace(PROBLEMS["count"], hidden=hidden)
    shown = ", ".join(
        f"({test.kwargs.split(', k')[0][7:]}, {test.expected})" for test in problem.tests
    )
    table = answering(f"return next(answer for given, answer in [{shown}] if given == nums)")
    graded = [
        grader.grade(problem, f"```python\n{program}\n```", "no_hint", "run_tests")
        for program in (problem.canonical, table)
    ]
    assert [g.label for g in graded] == ["Correct", "Incorrect"]
    assert [g.label_compat for g in graded] == ["Correct", "Correct"]
    assert [g.facts.n_passed for g in graded] == [3, 3]


def test_every_right_answer_counts_and_the_compatible_label_knows_the_expected_one_only(grader):
    hidden = (Test("nums = [4, 5]", [8, 10]),)
    problem = replace(PROBLEMS["twice"], checker="any_order", hidden=hidden)
    head = "class Solution:\n    def twice(self, nums):\n        return "
    reverse = grader.grade(
        problem, f"```python\n{head}[2 * n for n in nums[::-1]]\n```", "no_hint", "run_tests"
    )
    wrong = grader.grade(
        problem, f"```python\n{head}[2 * n for n in nums[1:]]\n```", "no_hint", "run_tests"
    )
    assert [g.label for g in (reverse, wrong)] == ["Correct", "Incorrect"]
    assert [g.label_compat for g in (reverse, wrong)] == ["Incorrect", "Incorrect"]


def test_a_wrong_order_fails_a_hidden_test_where_the_order_counts(grader):
    hidden = (Test("nums = [4, 5]", [8, 10]),)
    problem = replace(PROBLEMS["twice"], tests=(Test("nums = [3, 3]", [6, 6]),), hidden=hidden)
    program = (
        "class Solution:\n    def twice(self, nums):\n        return [2 * n for n in nums[::-1]]"
    )
    graded = grader.grade(problem, f"```python\n{program}\n```", "no_hint", "run_tests")
    assert graded.label == "Incorrect"
