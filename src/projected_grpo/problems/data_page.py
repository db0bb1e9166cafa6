"""Writes the tables of docs/data.md.

A table stands between two comments that name
it; the words around the tables are written by hand.
"""

import hashlib
import re
import sys
from collections import Counter
from pathlib import Path

from tabulate import tabulate

from projected_grpo import cli
from projected_grpo.cli import Refusal, argument
from projected_grpo.problems import leetcode
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.problem import DIFFICULTIES, Problem
from projected_grpo.problems.tally import Tally
from projected_grpo.runs.files import write_atomic

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/data.md"
# File -> what the tables call it.
KNOWN = {
    "LeetCodeDataset-v0.2.0-train.jsonl.gz": "v0.2.0 train",
    "LeetCodeDataset-v0.3.0-test.jsonl.gz": "v0.3.0 test",
    "LeetCodeDataset-v0.3.1-test.jsonl.gz": "v0.3.1 test",
    "rl-rewardhacking-leetcode_test_medhard.jsonl.gz": "benchmark's evaluation",
}
# What docs/data.md recommends to train and to evaluate on.
TRAIN = ["LeetCodeDataset-v0.2.0-train.jsonl.gz", "LeetCodeDataset-v0.3.0-test.jsonl.gz"]
FROZEN = "LeetCodeDataset-v0.3.1-test.jsonl.gz"
OURS = ("data/*", "src/projected_grpo/problems/data/*.jsonl", "src/projected_grpo/problems/*.json")

Rows = list[list[object]]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def file_rows(folder: Path) -> Rows:
    return [[name, len(read_jsonl(folder / name)), sha256(folder / name)] for name in KNOWN]


def our_rows() -> Rows:
    """What the project ships."""
    files = sorted(path for pattern in OURS for path in ROOT.glob(pattern))
    return [[str(path.relative_to(ROOT)), sha256(path)] for path in files]


def use_rows(tallies: dict[str, Tally]) -> tuple[Rows, Rows]:
    """(problems, tests): a row for what is kept and one for each reason, a column a file."""
    problems = {file: Counter(kept=t.problems) + t.skipped_problems for file, t in tallies.items()}
    tests = {file: Counter(kept=t.tests) + t.skipped_tests for file, t in tallies.items()}
    return by_reason(problems), by_reason(tests)


def by_reason(counts: dict[str, Counter[str]]) -> Rows:
    every = sum(counts.values(), Counter())
    return [
        [why, *(count[why] or "" for count in counts.values())] for why, _ in every.most_common()
    ]


def level_row(name: str, problems: list[Problem]) -> list[object]:
    levels = Counter(problem.difficulty for problem in problems)
    n_tests = sum(len(problem.tests) for problem in problems)
    return [name, *(levels[level] for level in DIFFICULTIES), len(problems), n_tests]


def pool_rows(folder: Path) -> tuple[Rows, Rows]:
    """(problems by set, why others are not in them) of training and evaluation as recommended."""
    train = [str(folder / name) for name in TRAIN]
    problems, tally = leetcode.read_problems(train=train, frozen=str(folder / FROZEN))
    rows = []
    for name, split in {"training": "train", "frozen": "eval"}.items():
        rows.append(level_row(name, [problem for problem in problems if problem.split == split]))
    return rows, [[why, n] for why, n in tally.skipped_problems.most_common()]


def tables(folder: Path) -> dict[str, str]:
    """The name of each table -> the table."""
    tallies = {KNOWN[name]: leetcode.read_problems(path=folder / name)[1] for name in KNOWN}
    problems, tests = use_rows(tallies)
    pool, left = pool_rows(folder)
    levels = ["", *DIFFICULTIES, "problems", "tests"]
    return {
        "files": table(file_rows(folder), ["file", "rows", "sha256"]),
        "problems": table(problems, ["problems", *tallies]),
        "tests": table(tests, ["tests", *tallies]),
        "pool": table(pool, levels),
        "left": table(left, ["not in either", "problems"]),
        "ours": ours(),
    }


def ours() -> str:
    return table(our_rows(), ["file", "sha256"])


def table(rows: Rows, headers: list[str]) -> str:
    return tabulate(rows, headers=headers, tablefmt="github")


def put(page: str, name: str, text: str) -> str:
    """The page with this table in its place. Refusal where it has none."""
    start, end = f"<!-- data {name} -->", f"<!-- end data {name} -->"
    place = re.compile(f"{start}.*?{end}", re.S)
    if not place.search(page):
        raise Refusal(f"docs/data.md has no place for {name}; put {start} and {end} into it")
    return place.sub(lambda _: f"{start}\n\n{text}\n\n{end}", page)


@cli.settings
class Settings:
    folder: Path = argument("of the data files, under their names on that page")


def main(argv: list[str]) -> None:
    folder = cli.read(Settings, argv).folder
    page = PAGE.read_text()
    for name, text in tables(folder).items():
        page = put(page, name, text)
    write_atomic(PAGE, page)


if __name__ == "__main__":
    main(sys.argv[1:])
