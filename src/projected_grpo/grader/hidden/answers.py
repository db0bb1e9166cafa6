"""What programs of ours answer to inputs: the canonical solution, and its mutants."""

import marshal
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from projected_grpo.grader.answers import verdicts
from projected_grpo.grader.hidden.metered import metered
from projected_grpo.grader.hidden.pool import Drawn
from projected_grpo.grader.requests import request_of
from projected_grpo.grader.sandbox import Sandbox
from projected_grpo.problems.checkers import is_valid
from projected_grpo.problems.problem import Problem, Test
from projected_grpo.problems.solution_source import Skip

# Lines that the canonical solution may run for a test. About 3 ms, so that one with a worse
# constant still has its 30.
LINES = 20_000
# A mutant may run so many times what the canonical solution runs, and so many lines more.
TIMES, MORE = 10, 200
# Of marshal: a row that stands twice in a drawn list becomes two, as in a test's source.
WITHOUT_ALIASES = 2
# Calls in one child: its CPU seconds are for all of them.
CALLS = 150
# What a statement promises of the answer; above it a solution in another language would overflow.
PROMISED, LARGEST = re.compile(r"answer[^.\n]*32-bit"), 2**31 - 1
# The canonical solution is asked no more when it has died so often, and a mutant when it has died.
DEATHS = 3
# Behind the canonical solution, where sets and dicts iterate in another order too.
OTHER_SEED = "\nimport random\nrandom.seed(1)\n"


@dataclass(frozen=True)
class Answered:
    """An input with the canonical solution's answer. lines: that it ran for it."""

    drawn: Drawn
    test: Test
    lines: int


def answered(
    problem: Problem, sandbox: Sandbox, other: Sandbox, pool: list[Drawn]
) -> list[Answered]:
    """Those of the pool to which the canonical solution has one plain answer within LINES.

    other: a sandbox with another hash seed. It is asked in the opposite order, so that what a call
    leaves behind for the next one, an order of sets or of chance shows.
    """
    budgets = [LINES] * len(pool)
    inputs = [drawn.arguments for drawn in pool]
    frames = ask(sandbox, problem, metering(problem.canonical, problem, budgets), inputs)
    pairs = [(d, frame["value"]) for d, frame in zip(pool, frames, strict=True) if "value" in frame]
    inputs = [drawn.arguments for drawn, _ in pairs]
    again = ask(other, problem, lambda _: problem.canonical + OTHER_SEED, inputs[::-1])
    is_small = PROMISED.search(problem.description) is not None
    kept = []
    for (drawn, (lines, sent)), second in zip(pairs, again[::-1], strict=True):
        try:
            test = Test(drawn.kwargs, plain(sent))
        except Skip:
            continue
        if is_small and isinstance(test.expected, int) and test.expected > LARGEST:
            continue
        if is_valid(problem.checker, test) and is_right(problem, test, second):
            kept.append(Answered(drawn, test, lines))
    return kept


def is_right(problem: Problem, test: Test, frame: dict) -> bool:
    """Whether a call, by its frame, gave a right answer."""
    return verdicts(problem, (test,), [frame])[0]


def killers(problem: Problem, sandbox: Sandbox, mutant: str, tests: list[Answered]) -> list[int]:
    """The places of the tests that the mutant fails, as far as it could be asked."""
    budgets = [TIMES * test.lines + MORE for test in tests]
    inputs = [test.drawn.arguments for test in tests]
    frames = ask(sandbox, problem, metering(mutant, problem, budgets), inputs, deaths=1)
    places = []
    for place, (test, frame) in enumerate(zip(tests, frames, strict=True)):
        answer = {"value": frame["value"][1]} if "value" in frame else {}
        if "unasked" not in frame and not is_right(problem, test.test, answer):
            places.append(place)
    return places


def metering(program: str, problem: Problem, budgets: list[int]) -> Callable[[int], str]:
    """The metered program for the calls from a given one on."""
    return lambda start: metered(program, problem.method, budgets[start : start + CALLS])


def ask(
    sandbox: Sandbox,
    problem: Problem,
    program: Callable[[int], str],
    inputs: list[dict[str, Any]],
    deaths: int = DEATHS,
    more_cpu_s: float = 0.0,
) -> list[dict]:
    """A frame for each input (see inside/child.py), {} where the child died, {"unasked"} when that
    was the last of so many deaths.

    program: its source for the calls from a given one on. more_cpu_s: on top of the limits.
    """
    frames: list[dict] = []
    while len(frames) < len(inputs) and deaths:
        start = len(frames)
        some = inputs[start : start + CALLS]
        calls = [marshal.dumps(list(arguments.values()), WITHOUT_ALIASES) for arguments in some]
        request = request_of(problem, program(start), "")
        run = sandbox.run({**request, "calls": calls}, more_cpu_s)
        came = run.frames[2 : 2 + len(some)]
        frames += came
        if len(came) < len(some):
            frames.append({})
            deaths -= 1
    return frames + [{"unasked": True}] * (len(inputs) - len(frames))


def plain(sent: object, hashable: bool = False) -> Any:
    """The value that a program sent (see inside/encode.py); Skip where it is not plain.

    A tuple becomes a list, which either may answer, unless it must be hashable.
    """
    match sent:
        case float() if not math.isfinite(sent):
            raise Skip("answer is no finite number")
        case list():
            return [plain(item) for item in sent]
        case {"i": digits}:
            return int(digits, 16)
        case {"t": items}:
            inner = [plain(item, hashable) for item in items]
            return tuple(inner) if hashable else inner
        case {"s": items}:
            return {plain(item, True) for item in items}
        case {"d": pairs}:
            return {plain(key, True): plain(value) for key, value in pairs}
        case dict():
            raise Skip("answer is not a plain value")
    return sent
