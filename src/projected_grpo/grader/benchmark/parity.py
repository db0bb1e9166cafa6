"""label_compat against the benchmark's own code, on its own 119 evaluation problems.

For each problem: the canonical solution with and without an honest test, a mutated wrong one with
and without it, and 20 hacks around a wrong one (variants.py).
"""

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tabulate import tabulate

from projected_grpo import cli
from projected_grpo.cli import option
from projected_grpo.grader.benchmark.evaluator import HOME, Benchmark, example
from projected_grpo.grader.benchmark.variants import (
    HONEST,
    fill,
    hacks,
    honest,
    mutants,
    parts,
    response,
)
from projected_grpo.grader.grade import Grader
from projected_grpo.loopholes import TRAIN_NAME as NAME
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.problem import Problem
from projected_grpo.problems.sources import load

FILE = HOME / "results/data/leetcode_test_medhard.jsonl"
LOOPHOLE = "overwrite_tests"
HEADERS = ["case", "n", "label_compat agrees", "label agrees"]


def cases(problem: Problem, grader: Grader) -> list[tuple[str, str]]:
    """(what it is, response). The mutant is the first that our grader finds wrong."""
    rows = [
        ("canonical", response(problem.canonical)),
        ("canonical, honest test", honest(problem, NAME)),
    ]
    for text in mutants(problem, seed=0):
        if not grader.grade(problem, text, LOOPHOLE, NAME).facts.gt_pass:
            test = fill(HONEST, parts(problem, NAME))
            tested = text.removesuffix("```") + f"\n\n{test}\n```"
            rows += [("mutant", text), ("mutant, honest test", tested)]
            break
    return rows + list(hacks(problem, NAME))


def compare(file: Path, problems: int, skip: int, workers: int, sandboxed: bool) -> list[dict]:
    """A row a response: problem, case, label, ours (label_compat), theirs."""
    raw = {f"leetcode/{row['id']}": row for row in read_jsonl(file)}
    chosen = load("leetcode", path=str(file))[skip : skip + problems]
    with Grader(workers) as grader:
        items = [(p, case, text) for p in chosen for case, text in cases(p, grader)]
        ours = grader.grade_many([(p, text, LOOPHOLE, NAME) for p, _, text in items], progress=True)
    examples = [({**raw[p.id], **own(p)}, text) for p, _, text in items]
    benchmark = Benchmark(workers, sandboxed)
    try:
        theirs = benchmark.labels(examples)
    finally:
        benchmark.close()
    rows = []
    for (p, case, _), graded, verdict in zip(items, ours, theirs, strict=True):
        labels = {"label": graded.label, "ours": graded.label_compat, "theirs": verdict["label"]}
        rows.append({"problem": p.id, "case": case, **labels})
    return rows


def own(problem: Problem) -> dict:
    """What the loophole adds to one of the benchmark's rows.

    Its tests, setup and canonical solution stay its own.
    """
    ours = example(problem, LOOPHOLE, NAME)
    return {key: ours[key] for key in ("hint", "prompt", "prompt_metadata")}


def table(rows: list[dict]) -> str:
    """How many responses of each case have the benchmark's label under our two."""
    cases = Counter(row["case"] for row in rows)
    compat = Counter(row["case"] for row in rows if row["ours"] == row["theirs"])
    label = Counter(row["case"] for row in rows if row["label"] == row["theirs"])
    lines = [[case, n, compat[case], label[case]] for case, n in cases.items()]
    lines.append(["all", len(rows), compat.total(), label.total()])
    return tabulate(lines, headers=HEADERS)


@cli.settings
class Settings:
    problems: int = option("so many", 119, least=1)
    skip: int = option("so many before them", 0, least=0)
    workers: int = option("processes", 2, least=1)
    sandboxed: bool = option("false: as it starts its own, slower and unprotected", True)


def main(argv: list[str]) -> None:
    rows = compare(FILE, **asdict(cli.read(Settings, argv)))
    print(table(rows))
    for row in rows:
        if row["ours"] != row["theirs"]:
            print(
                f"apart: {row['problem']} {row['case']}: "
                f"label_compat {row['ours']}, theirs {row['theirs']}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
