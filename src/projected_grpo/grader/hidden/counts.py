"""What hidden tests there are, counted."""

from collections import Counter

from tabulate import tabulate

from projected_grpo.grader.hidden.make import Made
from projected_grpo.problems.hidden import Row
from projected_grpo.problems.problem import DIFFICULTIES, Problem


def counts_of(rows: tuple[Row, ...]) -> dict[str, dict]:
    """By file: how many problems it has, how many with tests, and why not the others."""
    files: dict[str, dict] = {}
    for row in rows:
        counts = files.setdefault(
            row.file, {"problems": 0, "with_tests": 0, "tests": 0, "why_not": Counter()}
        )
        counts["problems"] += 1
        counts["with_tests"] += bool(row.tests)
        counts["tests"] += len(row.tests)
        if row.why:
            counts["why_not"][row.why] += 1
    for counts in files.values():
        counts["why_not"] = dict(counts["why_not"].most_common())
    return files


def table(problems: list[Problem], made: list[Made]) -> str:
    """By difficulty: problems with tests, and for each reason those without; then the mutants."""
    known: dict[str, Counter] = {}
    for problem, one in zip(problems, made, strict=True):
        known.setdefault(one.why or "with hidden tests", Counter())[problem.difficulty] += 1
    reasons = sorted(known, key=lambda why: -known[why].total())
    lines = [[why, *(known[why][level] for level in DIFFICULTIES)] for why in reasons]
    good = [one for one in made if one.tests]
    judged = sum(one.judged for one in good)
    failed = judged - sum(len(one.survivors) for one in good)
    return (
        tabulate(lines, headers=["", *DIFFICULTIES])
        + f"\n{sum(len(one.tests) for one in good)} tests;"
        + f" {failed} of {judged} judging mutants fail;"
        + f" {sum(len(one.alike) for one in good)} mutants pass the whole pool"
    )
