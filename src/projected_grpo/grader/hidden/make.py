"""Hidden tests of one problem: inputs drawn, answers of its canonical solution, the best kept."""

import itertools
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from projected_grpo.grader.answers import verdicts
from projected_grpo.grader.hidden.answers import Answered, answered, ask, killers
from projected_grpo.grader.hidden.choose import Candidate, candidate, choose
from projected_grpo.grader.hidden.mutants import mutants
from projected_grpo.grader.hidden.pool import Pool
from projected_grpo.grader.sandbox import Sandbox
from projected_grpo.problems.inputs.constraints import read
from projected_grpo.problems.problem import Problem, Test, arguments_of, literal
from projected_grpo.problems.solution_source import Skip

LEAST_TESTS = 20
LEAST_ANSWERS = 3
# Of two possible answers each has such a part of the tests.
LEAST_SHARE = 0.25
YES_OR_NO = {"True", "False"}
# Mutants tried. Of those that fail on the pool such a part may pass the tests.
MUTANTS, MOST_SURVIVORS = 30, 0.1
# Lines of the tests that each mutant is run on. The others are for those that pass these.
CHEAP = 50_000
# CPU seconds for the problem's own tests, which may be larger than ours.
OWN_CPU_S = 10.0
# Where most of the pool has the same answer, neighbours of the others are tried, so many at a time.
COMMON, ENRICHING, TIMES = 0.6, 150, 2


@dataclass
class Made:
    """A problem's hidden tests, or why it has none.

    n_pool: answered inputs. judged: mutants that fail on the pool. survivors: sources of those of
    them that pass the tests. alike: sources of mutants that pass the whole pool.
    """

    why: str = ""
    tests: list[Test] = field(default_factory=list)
    n_pool: int = 0
    judged: int = 0
    alike: list[str] = field(default_factory=list)
    survivors: list[str] = field(default_factory=list)


def make(problem: Problem, sandbox: Sandbox, other: Sandbox, seed: int) -> Made:
    """Up to choose.TESTS tests. sandbox, other: with two hash seeds."""
    rng = random.Random(f"{seed}/{problem.oracle}")
    made = Made()
    try:
        pool = Pool(problem, read(problem), rng)
        check_shown(problem, sandbox)
        check_shown(problem, other)
        tests = answered(problem, sandbox, other, pool.drawn())
        for _ in range(TIMES):
            rare = rare_answers(tests)
            tests += answered(problem, sandbox, other, pool.near(rare, ENRICHING))
        made.n_pool = len(tests)
        if len(tests) < LEAST_TESTS:
            raise Skip("too few inputs with a stable answer in time")
        kept = judge(made, problem, sandbox, tests, rng)
        check(kept, made)
        made.tests = [c.test.test for c in kept]
    except Skip as why:
        made.why = str(why)
    return made


def check_shown(problem: Problem, sandbox: Sandbox) -> None:
    """Skip where the canonical solution does not pass the problem's own tests."""
    shown = [arguments_of(test.kwargs) for test in problem.tests]
    frames = ask(sandbox, problem, lambda _: problem.canonical, shown, more_cpu_s=OWN_CPU_S)
    if not all(verdicts(problem, problem.tests, frames)):
        raise Skip("canonical solution fails the problem's own tests")


def rare_answers(tests: list[Answered]) -> list[dict[str, Any]]:
    """Inputs whose answer is not the one that most of them have; none where none is so common."""
    answers = [literal(test.test.expected) for test in tests]
    for answer, n in Counter(answers).most_common(1):
        if n > COMMON * len(tests):
            pairs = zip(tests, answers, strict=True)
            return [test.drawn.arguments for test, own in pairs if own != answer]
    return []


def judge(
    made: Made, problem: Problem, sandbox: Sandbox, tests: list[Answered], rng: random.Random
) -> list[Candidate]:
    """The tests chosen, by mutants of the canonical solution, which are counted in made."""
    cheap, costly = parted(tests)
    fails: list[set[str]] = [set() for _ in tests]
    for mutant in itertools.islice(mutants(problem.canonical, rng), MUTANTS):
        places = killers(problem, sandbox, mutant, cheap)
        if not places:
            places = [len(cheap) + i for i in killers(problem, sandbox, mutant, costly)]
        for place in places:
            fails[place].add(mutant)
        if places:
            made.judged += 1
        else:
            made.alike.append(mutant)
    pairs = zip([*cheap, *costly], fails, strict=True)
    candidates = [candidate(test, frozenset(mutants)) for test, mutants in pairs]
    rng.shuffle(candidates)
    kept = choose(candidates)
    failing = set().union(*(chosen.kills for chosen in kept))
    made.survivors = sorted(set().union(*fails) - failing)
    return kept


def parted(tests: list[Answered]) -> tuple[list[Answered], list[Answered]]:
    """Those that the canonical solution answers in CHEAP lines all together, and the others."""
    ordered = sorted(tests, key=lambda test: test.lines)
    lines = itertools.accumulate(test.lines for test in ordered)
    n = sum(total <= CHEAP for total in lines)
    return ordered[:n], ordered[n:]


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
