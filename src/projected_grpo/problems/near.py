"""Problems that are nearly one, into data/near_duplicates.tsv.

Variants I and II, or one statement under two numbers. What helps with one helps with the other, so
no two of a pair stand in two evaluation sets, or in one and in training. The closest pairs come
first; evaluation_sets.py reads the table.
"""

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

from loguru import logger

from projected_grpo import cli
from projected_grpo.cli import argument
from projected_grpo.problems import evaluation_sets, leetcode
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.problem import Problem
from projected_grpo.problems.tally import Tally
from projected_grpo.runs.files import replacing

# Id and method: LeetCodeDataset's v0.2.0 numbers problems otherwise than v0.3.x, so that ten ids
# name one problem there and another here.
Key = tuple[str, str]
HEADER = ["problem", "other", "similarity", "evidence"]
# Of the shingles of two statements, the share that both have: so much makes two problems near, and
# so much does where their methods have one name.
STATEMENT, METHOD = 0.35, 0.2
WORDS = 3
# What comes before the examples says what is asked; constraints and examples tell variants apart.
EXAMPLES = re.compile(r"\bExample 1|\bConstraints:")
# Shingles that so many statements have are phrases of the site.
COMMON = 150
# Of LeetCodeDataset's task_id: "word-ladder-ii" is a variant of "word-ladder".
NUMERAL = re.compile(r"-(?:i|ii|iii|iv|v|vi|easy)$")


def shingles(description: str) -> set[tuple[str, ...]]:
    """Every WORDS words in a row of what comes before the examples."""
    words = re.findall(r"\w+", EXAMPLES.split(description)[0].lower())
    return {tuple(words[i : i + WORDS]) for i in range(max(1, len(words) - WORDS + 1))}


def near_pairs(problems: dict[Key, Problem], titles: dict[Key, str]) -> list[list[str]]:
    """Lines of the table. titles: the task_id of those whose file has one."""
    parts = {key: shingles(problem.description) for key, problem in problems.items()}
    by_method = pairs((key[1], key) for key in problems)
    by_title = pairs((NUMERAL.sub("", title), key) for key, title in titles.items())
    lines = []
    for one, other in sharing(parts) | by_title:
        similarity = len(parts[one] & parts[other]) / len(parts[one] | parts[other])
        holds = {
            "statement": similarity >= STATEMENT,
            "method": similarity >= METHOD and (one, other) in by_method,
            "title": (one, other) in by_title,
        }
        evidence = " ".join(name for name in holds if holds[name])
        if evidence:
            lines.append([one[0], other[0], f"{similarity:.2f}", evidence])
    return sorted(lines, key=lambda line: (-float(line[2]), line))


def sharing(parts: dict[Key, set]) -> set[tuple[Key, Key]]:
    """The pairs that have a shingle in common, COMMON ones aside."""
    holders = defaultdict(list)
    for key, own in parts.items():
        for shingle in own:
            holders[shingle].append(key)
    found: set[tuple[Key, Key]] = set()
    for keys in holders.values():
        if len(keys) < COMMON:
            found.update(combinations(sorted(keys), 2))
    return found


def pairs(keyed: Iterable[tuple[str, Key]]) -> set[tuple[Key, Key]]:
    """The pairs of keys that have one text."""
    groups = defaultdict(list)
    for text, key in keyed:
        groups[text].append(key)
    return {pair for keys in groups.values() for pair in combinations(sorted(keys), 2)}


def titles_of(path: Path) -> dict[Key, str]:
    """The task_id of the rows that have one."""
    titles = {}
    for raw in read_jsonl(path):
        if "task_id" in raw:
            number = raw.get("question_id") or raw["meta"]["question_id"]
            method = raw["entry_point"].removeprefix("Solution().")
            titles[f"leetcode/{number}", method] = raw["task_id"]
    return titles


@cli.settings
class Settings:
    files: tuple[Path, ...] = argument("LeetCode problems, .jsonl or .jsonl.gz")


def main(argv: list[str]) -> None:
    """Compares the problems of all files."""
    problems: dict[Key, Problem] = {}
    titles: dict[Key, str] = {}
    for path in cli.read(Settings, argv).files:
        for problem in leetcode.formed(path, 0.0, Tally()):
            problems.setdefault((problem.id, problem.method), problem)
        titles |= titles_of(path)
    lines = near_pairs(problems, {key: titles[key] for key in titles.keys() & problems.keys()})
    table = evaluation_sets.NEAR
    with replacing(table) as scratch, scratch.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t", lineterminator="\n").writerows([HEADER, *lines])
    logger.info("{} near pairs among {} problems; see {}", len(lines), len(problems), table)


if __name__ == "__main__":
    main(sys.argv[1:])
