"""How many problems a source has; what leetcode files hold beyond them is in the log."""

import sys
from collections import Counter
from dataclasses import asdict

from tabulate import tabulate

from projected_grpo import cli
from projected_grpo.cli import argument, option
from projected_grpo.problems.evaluation_sets import SETS
from projected_grpo.problems.problem import DIFFICULTIES, SPLITS, Problem
from projected_grpo.problems.sources import SOURCES, load


def counts_table(problems: list[Problem]) -> str:
    """How many problems and tests there are, a row a split, by difficulty."""
    rows = []
    for split in SPLITS:
        chosen = [problem for problem in problems if problem.split == split]
        if not chosen:
            continue
        counts = Counter(problem.difficulty for problem in chosen)
        n_tests = sum(len(problem.tests) for problem in chosen)
        rows.append([split, *(counts[level] for level in DIFFICULTIES), len(chosen), n_tests])
    return tabulate(rows, headers=["split", *DIFFICULTIES, "problems", "tests"])


@cli.settings
class Settings:
    source: str = argument("where from", "mini", choices=SOURCES)
    split: str | None = option("of one split", None, choices=SPLITS)
    difficulty: tuple[str, ...] | None = option("of some", None, choices=DIFFICULTIES)
    max_description_chars: int | None = option("longest statement", None, least=0)
    min_tests: int | None = option("fewest tests", None, least=0)
    limit: int | None = option("the first ones", None, least=0)
    seed: int | None = option("of their order, as in the file where none", None, least=0)
    path: str | None = option("of leetcode: a .jsonl or .jsonl.gz file of all splits", None)
    train: tuple[str, ...] | None = option("of leetcode: files to train on", None)
    frozen: str | None = option("of leetcode: the file of a fixed evaluation set", None)
    evaluation_set: str | None = option("of leetcode: which one", None, choices=list(SETS))


def main(argv: list[str]) -> None:
    options = asdict(cli.read(Settings, argv))
    source = options.pop("source")
    given = {key: value for key, value in options.items() if value is not None}
    print(counts_table(load(source, **given)))


if __name__ == "__main__":
    main(sys.argv[1:])
