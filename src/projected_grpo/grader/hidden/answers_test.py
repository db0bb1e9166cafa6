import pytest

from projected_grpo.grader.hidden.answers import LINES, answered, killers
from projected_grpo.grader.hidden.conftest import problem
from projected_grpo.grader.hidden.pool import Drawn

POOL = [Drawn({"nums": [n, 5, 9], "k": 4}) for n in range(12)]


def answers(body: str, sandboxes) -> list:
    return [test.test.expected for test in answered(problem(body), *sandboxes, POOL)]


def test_each_input_has_the_canonical_solutions_answer(sandboxes):
    assert answers("return sum(n > k for n in nums)", sandboxes) == [2] * 5 + [3] * 7


UNSTABLE = {
    "hash order": "return list({str(n) for n in nums})[0]",
    "chance": "return random.randrange(10**6)",
    "call order": "Solution.n = getattr(Solution, 'n', 0) + 1\n        return Solution.n",
    "no plain value": "return object()",
    "no number": "return float('nan')",
    "an exception": "return nums[k]",
    "a loop": "while True: pass",
    "too many lines": f"return sum(n for n in range({LINES}))",
}


@pytest.mark.parametrize("kind", UNSTABLE)
def test_no_test_has_an_answer_that_hangs_on(kind, sandboxes):
    # Of those by hash order some are alike in both orders.
    assert len(answers(UNSTABLE[kind], sandboxes)) <= (6 if kind == "hash order" else 0)


def test_an_answer_without_order_is_kept_and_a_tuple_becomes_a_list(sandboxes):
    assert answers("return {str(n) for n in nums}", sandboxes)[0] == {"0", "5", "9"}
    assert answers("return tuple(nums)", sandboxes)[0] == [0, 5, 9]
    assert answers("return 2**70 + nums[0]", sandboxes)[1] == 2**70 + 1


def test_an_input_on_which_the_canonical_solution_dies_takes_no_other_along(sandboxes):
    body = "return nums[0] if nums[0] != 3 else pow(7, 10**9)"
    assert answers(body, sandboxes) == [n for n in range(12) if n != 3]


def failed(mutant: str, sandboxes) -> frozenset[int]:
    count = problem()
    tests = answered(count, *sandboxes, POOL)
    return frozenset(killers(count, sandboxes[0], problem(mutant).canonical, tests))


def test_a_mutant_is_killed_where_it_answers_otherwise_raises_or_does_not_end(sandboxes):
    assert failed("return sum(n >= k for n in nums)", sandboxes) == {4}
    assert failed("return 2 if nums[0] else nums[7]", sandboxes) == {0, *range(5, 12)}
    assert failed("while nums[0] == 2: pass\n        return 2", sandboxes) == {2, *range(5, 12)}
    assert failed("return sum(n > k for n in nums)", sandboxes) == frozenset()


def test_calls_that_a_dying_mutant_was_not_asked_kill_nothing(sandboxes):
    assert failed("return pow(7, 10**9)", sandboxes) == {0}


def test_a_row_that_stands_twice_is_two_rows_to_a_program_that_changes_one(sandboxes):
    row = [1, 2]
    change = problem("nums[0][0] = 7\n        return nums")
    (kept,) = answered(change, *sandboxes, [Drawn({"nums": [row, row], "k": 0})])
    assert kept.test.expected == [[7, 2], [1, 2]]
