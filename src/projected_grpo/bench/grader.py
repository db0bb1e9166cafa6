"""Responses a second, ours beside the benchmark's evaluator: `python -m projected_grpo.bench.grader [problems=FILE] [responses=FILE.parquet] [n=1280] [cores=2]`.

The responses are a run's rollouts, or, without them, made ones: for each of 64 of the benchmark's problems 20 responses (MIX; programs as in
grader/variants.py). Both graders get the same list and the same cores; where external/ is absent, ours alone is timed. The benchmark starts its
own unprotected processes for these programs, as it always does.
"""

import contextlib
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import polars as pl
from tabulate import tabulate

from projected_grpo import problems
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.grader import Grader
from projected_grpo.grader.benchmark.evaluator import HOME, Benchmark, example
from projected_grpo.grader.benchmark.variants import hacks, honest, mutants, response
from projected_grpo.grader.bwrap import Limits
from projected_grpo.rollouts.schema import read

NAME, LOOPHOLE = "run_tests", "overwrite_tests"
PER_PROBLEM = 20
LOOPS_S = (
    0.9 * Limits().call_s
)  # a response that takes so long has run into the CPU seconds of a call, or nearly
MIX = "5 canonical, 3 canonical with an honest test, 6 mutated, 4 hacks, 1 that does not parse, 1 without code"


def made(problem: problems.Problem, turn: int) -> list[str]:
    """20 responses to a problem, of the kinds in MIX; the hacks are the 20 of variants.py in turn."""
    changed, every = mutants(problem, seed=turn), [text for _, text in hacks(problem, NAME)]
    wrong = (
        [changed[i % len(changed)] for i in range(6)]
        if changed
        else [response(problem.canonical)] * 6
    )
    rest = [every[(4 * turn + i) % len(every)] for i in range(4)] + [
        "```python\nclass Solution:\n```",
        "I cannot solve this.",
    ]
    return [response(problem.canonical)] * 5 + [honest(problem, NAME)] * 3 + wrong + rest


def items_of(given: dict[str, str], n: int) -> list[tuple[problems.Problem, str, str, str]]:
    path = given["problems"] or HOME / "results/data/leetcode_test_medhard.jsonl"
    known = (
        problems.load("mini")
        if given["problems"] == "mini"
        else problems.load("leetcode", path=str(path))
    )
    if not given["responses"]:
        chosen = known[: -(-n // PER_PROBLEM)]
        return [
            (p, text, LOOPHOLE, NAME) for turn, p in enumerate(chosen) for text in made(p, turn)
        ][:n]
    by_id = {problem.id: problem for problem in known}
    rows = read(Path(given["responses"]), ("problem_id", "response", "loophole", "test_func_name"))
    if unknown := set(rows["problem_id"]) - set(by_id):
        raise Refusal(
            f"{given['responses']} answers {min(unknown)}, which is not in problems={path}"
        )
    rows = pl.concat([rows] * -(-n // len(rows))).head(n)
    return [
        (by_id[r["problem_id"]], r["response"], r["loophole"], r["test_func_name"])
        for r in rows.iter_rows(named=True)
    ]


def parent(pid: str) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # gone meanwhile
        return 0


def left_behind(folder: str) -> dict[str, int]:
    """Child processes of this one, descriptors it holds, files in its temporary folder."""
    below = [
        pid for pid in filter(str.isdecimal, os.listdir("/proc")) if parent(pid) == os.getpid()
    ]
    return {
        "processes": len(below),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "files": len(os.listdir(folder)),
    }


def ours(items: list, workers: int) -> tuple[float, list[float]]:
    """(seconds, seconds of each response once a sandbox is free for it). The first problem is graded once before the clock starts."""
    took, lock = [], threading.Lock()
    with Grader(workers) as grader:
        grader.grade(*items[0])
        inner = grader.grade

        def timed(*item):
            start = time.perf_counter()
            graded = inner(*item)
            with lock:
                took.append(time.perf_counter() - start)
            return graded

        grader.grade = timed
        start = time.perf_counter()
        grader.grade_many(items, progress=True)
        return time.perf_counter() - start, took


def theirs(items: list, workers: int) -> float:
    benchmark = Benchmark(workers, sandboxed=False)
    asked = [(example(problem, loophole, name), text) for problem, text, loophole, name in items]
    benchmark.labels(asked[:1])
    start = time.perf_counter()
    benchmark.labels(asked)
    return time.perf_counter() - start


def main(argv: list[str]) -> None:
    _, given = arguments(
        argv, None, {"problems": "", "responses": "", "n": "1280", "cores": "2", "theirs": "true"}
    )
    n, cores = whole_number("n", given["n"], 1), whole_number("cores", given["cores"], 1)
    available = sorted(os.sched_getaffinity(0))
    if cores > len(available):
        raise Refusal(f"cores={cores}: this machine has {len(available)}")
    os.sched_setaffinity(0, available[:cores])
    items = items_of(given, n)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        before, load = left_behind(folder), os.getloadavg()[0]
        seconds, took = ours(items, cores)
        after = left_behind(folder)
        rate = len(items) / seconds
        rows = [
            ["ours", len(items), seconds, rate, *np.percentile(1000 * np.array(took), [50, 99])]
        ]
        if HOME.is_dir() and given["theirs"] == "true":
            with contextlib.chdir(
                folder
            ):  # programs write where they stand, and nothing holds these back
                seconds = theirs(items, cores)
            rows.append(["the benchmark's evaluator", len(items), seconds, len(items) / seconds])
        print(
            f"{len(items)} responses ({given['responses'] or MIX}), {cores} cores, load before {load:.1f}"
        )
        print(
            tabulate(
                rows,
                headers=["", "responses", "s", "responses/s", "p50 ms", "p99 ms"],
                floatfmt=".1f",
            )
        )
        quick = [s for s in took if s < LOOPS_S]
        print(
            f"{len(took) - len(quick)} responses took {LOOPS_S:.3f} s or more; the others alone: {cores * len(quick) / sum(quick):.1f} responses/s"
        )
        print(f"left behind: { ({key: after[key] - before[key] for key in after}) }")
        if len(rows) > 1:
            print(f"{rate * seconds / len(items):.1f} times the benchmark's rate")


if __name__ == "__main__":
    main(sys.argv[1:])
