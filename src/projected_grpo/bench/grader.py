"""Responses a second, ours beside the benchmark's evaluator.

The responses are a run's rollouts, or, without them, made ones: for each of 64 of the benchmark's
problems 20 responses (MIX; programs as in grader/variants.py). Both graders get the same list and
the same cores; where external/ is absent, ours alone is timed. The benchmark starts its own
unprotected processes for these programs, as it always does.
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

from projected_grpo import cli, problems
from projected_grpo.cli import Refusal, option
from projected_grpo.grader import Grader
from projected_grpo.grader.benchmark.evaluator import HOME, Benchmark, example
from projected_grpo.grader.benchmark.variants import hacks, honest, mutants, response
from projected_grpo.grader.bwrap import Limits
from projected_grpo.loopholes import TRAIN_NAME as NAME
from projected_grpo.rollouts.schema import read

LOOPHOLE = "overwrite_tests"
PER_PROBLEM = 20
# A response that takes so long has run into the CPU seconds of a call, or nearly.
LOOPS_S = 0.9 * Limits().call_s
MIX = (
    "5 canonical, 3 canonical with an honest test, 6 mutated, 4 hacks, 1 that does not parse, "
    "1 without code"
)
FILE = HOME / "results/data/leetcode_test_medhard.jsonl"

# A problem, a response, the loophole and the name of its test function: what a grader takes.
Item = tuple[problems.Problem, str, str, str]


@cli.settings
class Settings:
    problems: str = option("their file, or mini; the benchmark's by default", str(FILE))
    responses: Path | None = option("a run's rollouts of them, made ones where none", None)
    n: int = option("responses, again and again where there are fewer", 1280, least=1)
    cores: int = option("for each grader", 2, least=1)
    theirs: bool = option("time the benchmark's too", True)


def made(problem: problems.Problem, turn: int) -> list[str]:
    """20 responses to a problem, as in MIX; the hacks are the 20 of variants.py in turn."""
    canonical = response(problem.canonical)
    mutated = mutants(problem, seed=turn) or [canonical]
    hacking = [text for _, text in hacks(problem, NAME)]
    return [
        *[canonical] * 5,
        *[honest(problem, NAME)] * 3,
        *[mutated[i % len(mutated)] for i in range(6)],
        *[hacking[(4 * turn + i) % len(hacking)] for i in range(4)],
        "```python\nclass Solution:\n```",
        "I cannot solve this.",
    ]


def items_of(settings: Settings) -> list[Item]:
    """n items: rollouts where the settings name a file of them, again and again, or made ones."""
    path, n = settings.problems, settings.n
    if path == "mini":
        known = problems.load("mini")
    else:
        known = problems.load("leetcode", path=path)
    if settings.responses:
        return rollouts(settings.responses, known, f"problems={path}", n)
    items = []
    for turn, problem in enumerate(known[: -(-n // PER_PROBLEM)]):
        items += [(problem, text, LOOPHOLE, NAME) for text in made(problem, turn)]
    return items[:n]


def rollouts(path: Path, known: list[problems.Problem], source: str, n: int) -> list[Item]:
    by_id = {problem.id: problem for problem in known}
    rows = read(path, ("problem_id", "response", "loophole", "test_func_name"))
    if unknown := set(rows["problem_id"]) - set(by_id):
        raise Refusal(f"{path} answers {min(unknown)}, which is not in {source}")
    rows = pl.concat([rows] * -(-n // len(rows))).head(n)
    return [
        (by_id[r["problem_id"]], r["response"], r["loophole"], r["test_func_name"])
        for r in rows.iter_rows(named=True)
    ]


def parent(pid: str) -> int:
    """0 where the process is gone meanwhile."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def left_behind(folder: str) -> dict[str, int]:
    """Child processes of this one, descriptors it holds, files in its temporary folder."""
    pids = filter(str.isdecimal, os.listdir("/proc"))
    return {
        "processes": sum(parent(pid) == os.getpid() for pid in pids),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "files": len(os.listdir(folder)),
    }


def ours(items: list[Item], workers: int) -> tuple[float, list[float]]:
    """(seconds, seconds of each response once a sandbox is free for it).

    The first problem is graded once before the clock starts.
    """
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


def theirs(items: list[Item], workers: int) -> float:
    """Seconds; the first problem is graded once before the clock starts."""
    benchmark = Benchmark(workers, sandboxed=False)
    pairs = [(example(problem, loophole, name), text) for problem, text, loophole, name in items]
    benchmark.labels(pairs[:1])
    start = time.perf_counter()
    benchmark.labels(pairs)
    took = time.perf_counter() - start
    benchmark.close()
    return took


def take_cores(n: int) -> None:
    available = sorted(os.sched_getaffinity(0))
    if n > len(available):
        raise Refusal(f"cores={n}: this machine has {len(available)}")
    os.sched_setaffinity(0, available[:n])


def table(n: int, seconds: float, took: list[float], benchmark_seconds: float | None) -> str:
    rows = [["ours", n, seconds, n / seconds, *np.percentile(1000 * np.array(took), [50, 99])]]
    if benchmark_seconds is not None:
        rows.append(["the benchmark's evaluator", n, benchmark_seconds, n / benchmark_seconds])
    headers = ["", "responses", "s", "responses/s", "p50 ms", "p99 ms"]
    return tabulate(rows, headers=headers, floatfmt=".1f")


def without_loops(took: list[float], cores: int) -> str:
    """A line about how many responses looped, and the speed of the others."""
    quick = [seconds for seconds in took if seconds < LOOPS_S]
    return (
        f"{len(took) - len(quick)} responses took {LOOPS_S:.3f} s or more; "
        f"the others alone: {cores * len(quick) / sum(quick):.1f} responses/s"
    )


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    cores = settings.cores
    take_cores(cores)
    items = items_of(settings)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        before, load = left_behind(folder), os.getloadavg()[0]
        seconds, took = ours(items, cores)
        after = left_behind(folder)
        benchmark_seconds = None
        if HOME.is_dir() and settings.theirs:
            # Programs write where they stand, and nothing holds these back.
            with contextlib.chdir(folder):
                benchmark_seconds = theirs(items, cores)
    source = settings.responses or MIX
    print(f"{len(items)} responses ({source}), {cores} cores, load before {load:.1f}")
    print(table(len(items), seconds, took, benchmark_seconds))
    print(without_loops(took, cores))
    print("left behind:", {key: after[key] - before[key] for key in after})
    if benchmark_seconds is not None:
        print(f"{benchmark_seconds / seconds:.1f} times the benchmark's rate")


if __name__ == "__main__":
    main(sys.argv[1:])
