from projected_grpo.grader.hidden.answers import Answered
from projected_grpo.grader.hidden.choose import CHARACTERS, TESTS, Candidate, candidate, choose
from projected_grpo.grader.hidden.pool import Drawn
from projected_grpo.problems.problem import Test


def one(n: int, expected: object = 0, lines: int = 1, kills=(), boundary=False) -> Candidate:
    answered = Answered(Drawn({"n": n}, boundary), Test(f"n = {n}", expected), lines)
    return candidate(answered, frozenset(map(str, kills)))


def numbers(chosen: list[Candidate]) -> set[int]:
    return {c.test.drawn.arguments["n"] for c in chosen}


def test_each_mutant_is_failed_twice_where_the_pool_allows():
    pool = [one(n, kills=[0] if n > 95 else [1] if n == 50 else []) for n in range(100)]
    kept = numbers(choose(pool))
    assert len(kept & {96, 97, 98, 99}) == 2 and 50 in kept


def test_the_largest_and_boundaries_are_kept():
    pool = [one(n, lines=n * (n > 96), boundary=30 <= n < 34) for n in range(100)]
    assert {97, 98, 99, 30, 31, 32, 33} <= numbers(choose(pool))


def test_rare_answers_come_before_common_ones():
    kept = choose([one(n, expected=n > 90) for n in range(100)])
    assert len(kept) == TESTS
    assert sum(c.answer == "True" for c in kept) == 9


def test_the_tests_together_stay_within_the_characters():
    pool = [one(n, expected="x" * 2_000) for n in range(50)]
    pool += [one(n, expected="y" * 100) for n in range(50)]
    kept = choose(pool)
    assert len(kept) == TESTS and sum(c.characters for c in kept) <= CHARACTERS
