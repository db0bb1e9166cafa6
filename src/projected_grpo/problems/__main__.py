"""How many problems a source has: `python -m projected_grpo.problems [mini|leetcode] [path=FILE]`.

Further: [train=FILE,FILE] [frozen=FILE] [evaluation_set=solvable] [split=eval]
[difficulty=medium,hard] [min_tests=3] [max_description_chars=2500] [limit=10] [seed=0].
"""

import sys
from collections import Counter

from tabulate import tabulate

from projected_grpo.cli import arguments, whole_number
from projected_grpo.problems.problem import DIFFICULTIES, SPLITS, Problem
from projected_grpo.problems.sources import WHOLE_NUMBERS, load


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


def main(argv: list[str]) -> None:
    """Print how many problems there are; what leetcode files hold beyond them is in the log."""
    keys = ("split", "difficulty", *WHOLE_NUMBERS, "path", "train", "frozen", "evaluation_set")
    source, texts = arguments(argv, "SOURCE", dict.fromkeys(keys, ""))
    options = {}
    for key, text in texts.items():
        if text:
            options[key] = whole_number(key, text, 0) if key in WHOLE_NUMBERS else text
    print(counts_table(load(source or "mini", **options)))


if __name__ == "__main__":
    main(sys.argv[1:])
