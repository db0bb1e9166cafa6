"""Make the hidden tests of a file's problems.

Their rows in data/hidden_tests.jsonl.gz are made anew, what all rows hold is counted in
data/hidden_tests.json, and what this file's hold is printed. The same problems make the same bytes.
"""

import json
import queue
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from projected_grpo import cli
from projected_grpo.cli import option
from projected_grpo.console import progress
from projected_grpo.grader.bwrap import Limits
from projected_grpo.grader.calibrate import calibrated
from projected_grpo.grader.hidden.counts import counts_of, table
from projected_grpo.grader.hidden.make import Made, make
from projected_grpo.grader.sandbox import Sandbox
from projected_grpo.problems import leetcode
from projected_grpo.problems.hidden import FILE, Row, rows, stem, write
from projected_grpo.problems.problem import Problem, literal
from projected_grpo.problems.tally import Tally

SEED = 0
# Each with two sandboxes.
WORKERS = 2
# A call that is metered takes several times as long; one that is not is to take under 10 ms.
METERED = Limits(cpu_s=10.0, module_s=0.5, call_s=0.3)
PLAIN = Limits(cpu_s=4.0, call_s=0.01)
COUNTS = FILE.with_name("hidden_tests.json")


def make_all(problems: list[Problem]) -> list[Made]:
    """make() of each problem, in order."""
    idle: queue.SimpleQueue[tuple[Sandbox, Sandbox]] = queue.SimpleQueue()
    pairs = [
        (Sandbox(calibrated(METERED)), Sandbox(calibrated(PLAIN), hash_seed=1))
        for _ in range(WORKERS)
    ]
    for pair in pairs:
        idle.put(pair)

    def one(problem: Problem) -> Made:
        pair = idle.get()
        try:
            return make(problem, *pair, SEED)
        finally:
            idle.put(pair)

    with ThreadPoolExecutor(WORKERS) as threads:
        made = list(progress(threads.map(one, problems), "hidden tests", total=len(problems)))
    for sandbox in [sandbox for pair in pairs for sandbox in pair]:
        sandbox.close()
    return made


def row_of(problem: Problem, made: Made, file: str) -> Row:
    tests = [[test.kwargs, literal(test.expected)] for test in made.tests]
    return Row(problem.id, file, problem.oracle, made.why, tests)


@cli.settings
class Settings:
    path: Path = option("LeetCode problems, .jsonl or .jsonl.gz")
    sample: int | None = option("so many drawn, and nothing written but the log", None, least=1)
    log: Path | None = option("JSON lines, each problem's mutants that survive", None)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    path = settings.path
    problems = list(leetcode.read_file(path, 0.0, Tally(), hidden=False))
    if settings.sample:
        size = min(settings.sample, len(problems))
        problems = random.Random(SEED).sample(problems, size)
    made = make_all(problems)
    if settings.log:
        lines = [
            json.dumps({"id": p.id, "difficulty": p.difficulty, **asdict(m)}) + "\n"
            for p, m in zip(problems, made, strict=True)
        ]
        settings.log.write_text("".join(lines))
    print(table(problems, made))
    if not settings.sample:
        new = [row_of(p, m, stem(path)) for p, m in zip(problems, made, strict=True)]
        content = write(new)
        rows.cache_clear()
        counts = {"sha256": content, "files": counts_of(rows(FILE))}
        COUNTS.write_text(json.dumps(counts, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
