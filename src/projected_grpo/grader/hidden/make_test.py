from dataclasses import replace

import pytest

from projected_grpo.grader.hidden.conftest import problem
from projected_grpo.grader.hidden.make import LEAST_TESTS, make
from projected_grpo.problems.inputs.constraints import read
from projected_grpo.problems.problem import Problem, arguments_of


def made(of: Problem, sandboxes, seed: int = 0):
    return make(of, *sandboxes, seed)


def test_a_problem_gets_legal_tests_with_varied_answers_that_its_mutants_fail(sandboxes):
    count = problem()
    result = made(count, sandboxes)
    assert result.why == ""
    assert len({test.kwargs for test in result.tests}) == len(result.tests) >= LEAST_TESTS
    assert len({test.expected for test in result.tests}) > 5
    assert result.judged >= 2 and result.survivors == []
    for test in result.tests:
        arguments = arguments_of(test.kwargs)
        assert read(count).violation(arguments) is None
        assert test.expected == sum(n > arguments["k"] for n in arguments["nums"])
        assert test.kwargs != count.tests[0].kwargs


def test_boundaries_and_large_inputs_are_among_them(sandboxes):
    lengths = {len(arguments_of(t.kwargs)["nums"]) for t in made(problem(), sandboxes).tests}
    assert 1 in lengths and max(lengths) > 40


def test_the_seed_decides_and_nothing_else(sandboxes):
    first, again, other = (made(problem(), sandboxes, seed).tests for seed in (0, 0, 1))
    assert first == again != other


def test_yes_and_no_each_have_a_part_of_the_tests(sandboxes):
    # Yes for one input in a thousand or less.
    rare = problem("return sum(nums) == 2 * k and len(nums) > 1", "bool", False)
    result = made(rare, sandboxes)
    assert result.why == ""
    assert min(sum(t.expected is yes for t in result.tests) for yes in (True, False)) >= 6


def test_a_mutant_that_no_input_tells_apart_is_reported_and_does_not_count(sandboxes):
    result = made(problem("return sum(n > k for n in nums) * max(1, 0)"), sandboxes)
    assert result.why == ""
    assert any("max(1, -1)" in mutant for mutant in result.alike)


WITHOUT = {
    "canonical solution fails the problem's own tests": problem(expected=3),
    "too few distinct answers": problem("return 2"),
    "too few tests with one of two answers": problem("return True", "bool", True),
    "too few inputs with a stable answer in time": problem(
        "return 2 if nums == [1, 5, 9] else nums[200]"
    ),
    "no constraints in the statement": replace(problem(), description="Count those above k."),
}


@pytest.mark.parametrize("why", WITHOUT)
def test_a_problem_without_tests_says(why, sandboxes):
    result = made(WITHOUT[why], sandboxes)
    assert (result.why, result.tests) == (why, [])
