"""Hidden tests of one problem: inputs drawn, answers of its canonical solution, the best kept."""

import itertools
import random
from collections import Counter
from dataclasses import dataclass, field

from projected_grpo.grader.gather import verdicts
from projected_grpo.grader.sandbox import Sandbox
from projected_grpo.problems import inputs
from projected_grpo.problems.hidden.answers import Answered, answered, ask, killers
from projected_grpo.problems.hidden.choose import Candidate, candidate, choose
from projected_grpo.problems.hidden.mutants import mutants
from projected_grpo.problems.hidden.pool import arguments_of, pool_of
from projected_grpo.problems.problem import Problem, Test
from projected_grpo.problems.solution_source import Skip

LEAST_TESTS = 20
LEAST_ANSWERS = 3
# Of two possible answers each has such a part of the tests.
LEAST_SHARE = 0.25
# Mutants tried. Of those that fail on the pool the first JUDGING judge the tests, and the others
# choose them.
TRIED, JUDGING = 30, 10
# Of the judging mutants so many may pass.
MOST_SURVIVORS = 0.1
YES_OR_NO = {"True", "False"}


@dataclass
class Made:
    """A problem's hidden tests, or why it has none.

    n_pool: answered inputs. judged: mutants that judge. survivors: sources of those of them that
    pass the tests. alike: sources of mutants that pass the whole pool.
    """

    why: str = ""
    tests: list[Test] = field(default_factory=list)
    n_pool: int = 0
    judged: int = 0
    alike: list[str] = field(default_factory=list)
    survivors: list[str] = field(default_factory=list)


def make(problem: Problem, sandbox: Sandbox, other: Sandbox, seed: int) -> Made:
    """Up to choose.TESTS tests. sandbox, other: with two hash seeds."""
    rng = random.Random(f"{seed}/{problem.hash}")
    made = Made()
    try:
        constraints = inputs.read(problem)
        check_shown(problem, sandbox)
        check_shown(problem, other)
        pool = answered(problem, sandbox, other, pool_of(problem, constraints, rng))
        made.n_pool = len(pool)
        if len(pool) < LEAST_TESTS:
            raise Skip("too few inputs with a stable answer in time")
        fill(made, problem, sandbox, pool, rng)
    except Skip as why:
        made.why = str(why)
    return made


def check_shown(problem: Problem, sandbox: Sandbox) -> None:
    """Skip where the canonical solution does not pass the problem's own tests."""
    shown = [arguments_of(test.kwargs) for test in problem.tests]
    frames = ask(sandbox, problem, lambda _: problem.canonical, shown)
    if not all(verdicts(problem.tests, frames)):
        raise Skip("canonical solution fails the problem's own tests")


def fill(
    made: Made, problem: Problem, sandbox: Sandbox, pool: list[Answered], rng: random.Random
) -> None:
    """Choose tests of the pool by some mutants, and judge them by others."""
    kills: dict[str, frozenset[int]] = {}
    for mutant in itertools.islice(mutants(problem.canonical, rng), TRIED):
        kills[mutant] = killers(problem, sandbox, mutant, pool)
    made.alike = [mutant for mutant, killed in kills.items() if not killed]
    apart = [mutant for mutant, killed in kills.items() if killed]
    judging, choosing = apart[:JUDGING], apart[JUDGING:]
    candidates = []
    for place, test in enumerate(pool):
        fails = frozenset(i for i, mutant in enumerate(choosing) if place in kills[mutant])
        candidates.append(candidate(test, fails))
    kept = choose(candidates)
    places = {place for place, c in enumerate(candidates) if c in kept}
    made.judged = len(judging)
    made.survivors = [mutant for mutant in judging if not kills[mutant] & places]
    check(kept, made)
    made.tests = [Test(c.test.drawn.kwargs, c.test.expected) for c in kept]


def check(kept: list[Candidate], made: Made) -> None:
    """Skip where the tests are too few, too much alike, or too weak."""
    if len(kept) < LEAST_TESTS:
        raise Skip("too few tests of a bounded length")
    answers = Counter(c.answer for c in kept)
    if set(answers) <= YES_OR_NO:
        if len(answers) < 2 or min(answers.values()) < LEAST_SHARE * len(kept):
            raise Skip("too few tests with one of two answers")
    elif len(answers) < LEAST_ANSWERS:
        raise Skip("too few distinct answers")
    if made.judged == 0:
        raise Skip("no mutant that an input tells apart")
    if len(made.survivors) > MOST_SURVIVORS * made.judged:
        raise Skip("too many mutants pass")
