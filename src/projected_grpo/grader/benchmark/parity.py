"""label_compat against the benchmark's own code, on its own 119 evaluation problems.

    python -m projected_grpo.grader.benchmark.parity [problems=119] [skip=0] [workers=2] [sandboxed=true]

For each problem: the canonical solution with and without an honest test, a mutated wrong one with and without it, and 20 hacks around
a wrong one (variants.py). sandboxed=false starts the benchmark's own processes, as it does: slower, and unprotected.
"""

import sys
from collections import Counter
from pathlib import Path

from tabulate import tabulate

from projected_grpo.cli import Refusal, arguments, whole_number
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
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.problem import Problem
from projected_grpo.problems.sources import load

FILE = HOME / "results/data/leetcode_test_medhard.jsonl"
NAME, LOOPHOLE = "run_tests", "overwrite_tests"


def cases(problem: Problem, grader: Grader) -> list[tuple[str, str]]:
    """(what it is, response). The mutant is the first that our grader finds wrong."""
    rows = [
        ("canonical", response(problem.canonical)),
        ("canonical, honest test", honest(problem, NAME)),
    ]
    for text in mutants(problem, seed=0):
        if not grader.grade(problem, text, LOOPHOLE, NAME).facts.gt_pass:
            test = fill(HONEST, parts(problem, NAME))
            rows += [
                ("mutant", text),
                ("mutant, honest test", text.removesuffix("```") + f"\n\n{test}\n```"),
            ]
            break
    return rows + list(hacks(problem, NAME))


def compare(file: Path, problems: int, skip: int, workers: int, sandboxed: bool) -> list[dict]:
    """A row a response: problem, case, label, ours (label_compat), theirs."""
    raw = {f"leetcode/{row['id']}": row for row in read_jsonl(file)}
    chosen = load("leetcode", path=str(file))[skip : skip + problems]
    with Grader(workers) as grader:
        items = [(p, what, text) for p in chosen for what, text in cases(p, grader)]
        graded = grader.grade_many(
            [(p, text, LOOPHOLE, NAME) for p, _, text in items], progress=True
        )
    asked = [({**raw[p.id], **own(p)}, text) for p, _, text in items]
    benchmark = Benchmark(workers, sandboxed)
    try:
        theirs = benchmark.labels(asked)
    finally:
        benchmark.close()
    return [
        {
            "problem": p.id,
            "case": what,
            "label": g.label,
            "ours": g.label_compat,
            "theirs": t["label"],
        }
        for (p, what, _), g, t in zip(items, graded, theirs, strict=True)
    ]


def own(problem: Problem) -> dict:
    """What the loophole adds to one of the benchmark's rows; its tests, setup and canonical solution stay its own."""
    ours = example(problem, LOOPHOLE, NAME)
    return {key: ours[key] for key in ("hint", "prompt", "prompt_metadata")}


def main(argv: list[str]) -> None:
    _, given = arguments(
        argv, None, {"problems": "119", "skip": "0", "workers": "2", "sandboxed": "true"}
    )
    numbers = {key: whole_number(key, given[key], 0) for key in ("problems", "skip", "workers")}
    if given["sandboxed"] not in ("true", "false"):
        raise Refusal(f"sandboxed={given['sandboxed']}: expected true or false")
    rows = compare(FILE, **numbers, sandboxed=given["sandboxed"] == "true")
    seen, same = (
        Counter(r["case"] for r in rows),
        Counter(r["case"] for r in rows if r["ours"] == r["theirs"]),
    )
    label = Counter(r["case"] for r in rows if r["label"] == r["theirs"])
    table = [[case, n, same[case], label[case]] for case, n in seen.items()]
    print(
        tabulate(
            [*table, ["all", len(rows), same.total(), label.total()]],
            headers=["case", "n", "label_compat agrees", "label agrees"],
        )
    )
    for r in rows:
        if r["ours"] != r["theirs"]:
            print(
                f"apart: {r['problem']} {r['case']}: label_compat {r['ours']}, theirs {r['theirs']}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
