"""Which canonical solutions cannot be trusted, into data/left_out.tsv.

Each is run on its problem's own tests twice, the second time under other string hashes and another
seed of random. data/left_out.tsv then holds, of these files' problems, those whose solution fails,
is right in one run only, reads the clock or is slow, beside those that were found by hand. What a
line of it holds: problems/left_out.py.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from loguru import logger

from projected_grpo import cli
from projected_grpo.cli import argument
from projected_grpo.console import progress
from projected_grpo.grader.answers import answers_of
from projected_grpo.grader.bwrap import Limits
from projected_grpo.grader.calibrate import calibrated, slowness
from projected_grpo.grader.requests import calls_of, request_of
from projected_grpo.grader.sandbox import Sandbox
from projected_grpo.problems import leetcode, left_out
from projected_grpo.problems.problem import Problem
from projected_grpo.problems.tally import Tally

# For all calls of a solution together.
LIMITS = Limits(cpu_s=10.0, module_s=10.0, call_s=10.0, wall_s=60.0)
# CPU seconds a call, of the reference machine of calibrate.py. Of 2,375 problems five take 0.09 to
# 0.33, the next one 0.06. Every trial of a response's tests may run the solution, and a
# training step waits for its last verdict.
SLOW_S = 0.08
CLOCK = re.compile(r"\b(?:now|utcnow|today|(?:process_|thread_)?time|time_ns|perf_counter)\(\)")
RESEED = "import random\nrandom.seed(1)\n"


@dataclass(frozen=True)
class Speed:
    """right: tests that a solution passes. cpu_s: seconds a call."""

    right: int
    cpu_s: float


def answers(problem: Problem, sandbox: Sandbox, before: str = "") -> Speed:
    """The canonical solution's, after the statements `before`."""
    request = request_of(problem, before + problem.canonical, "")
    calls = calls_of(tuple(test.kwargs for test in problem.tests))
    run = sandbox.run({**request, "calls": calls})
    right = answers_of(problem, problem.tests, run.frames, at=2).right
    return Speed(sum(right), run.cpu_s / len(calls))


def fault(problem: Problem, plain: Sandbox, salted: Sandbox) -> tuple[str, str] | None:
    """(why the canonical solution cannot be trusted, what was seen), or None where it can."""
    if reads := CLOCK.search(problem.canonical):
        return "canonical solution reads the clock", reads[0]
    one, other = answers(problem, plain), answers(problem, salted, RESEED)
    cpu_s = min(one.cpu_s, other.cpu_s) / slowness()
    n = len(problem.tests)
    if cpu_s > SLOW_S:
        return "canonical solution is slow", f"{cpu_s:.2f} CPU seconds a call"
    if one.right == other.right == n:
        return None
    seen = f"passes {one.right} and {other.right} of {n} tests"
    if n in (one.right, other.right):
        return "canonical solution hangs on hash order or chance", seen
    return "canonical solution fails its own tests", seen


def faults(problems: list[Problem]) -> list[list[str]]:
    """A line of the table for each problem that has a fault."""
    limits = calibrated(LIMITS)
    plain, salted = Sandbox(limits), Sandbox(limits, hash_seed=1)
    lines = []
    try:
        for problem in progress(problems, "canonical solutions"):
            if found := fault(problem, plain, salted):
                lines.append([problem.id, problem.hash, *found])
    finally:
        plain.close()
        salted.close()
    return lines


def stays(line: list[str], problems: dict[str, Problem]) -> bool:
    """Whether a line says something that is not found here. problems: by content hash."""
    return line[1] not in problems or line[2] == left_out.WRONG


@cli.settings
class Settings:
    files: tuple[Path, ...] = argument("LeetCode problems, .jsonl or .jsonl.gz")


def main(argv: list[str]) -> None:
    """Replaces the lines of these files' problems that it found itself, and leaves the others."""
    problems: dict[str, Problem] = {}
    for file in cli.read(Settings, argv).files:
        problems |= {problem.hash: problem for problem in leetcode.formed(file, 0.0, Tally())}
    found = faults(list(problems.values()))
    kept = [line for line in left_out.read() if stays(line, problems)]
    left_out.write(kept + found)
    logger.info("{} of {} problems are left out; see {}", len(found), len(problems), left_out.TABLE)


if __name__ == "__main__":
    main(sys.argv[1:])
