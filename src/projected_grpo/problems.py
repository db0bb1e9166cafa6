"""A Problem, and where problems come from: `mini` (in this package) or `leetcode` (external/ or a data file).

    python -m projected_grpo.problems [mini|leetcode] [path=FILE] [split=eval] [difficulty=medium,hard] [min_tests=3]
        [max_description_chars=2500] [limit=10] [seed=0]
"""

import ast
import gzip
import hashlib
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from loguru import logger
from tabulate import tabulate

from projected_grpo.cli import Refusal, arguments, whole_number

MINI = Path(__file__).parent / "mini"
SOURCES = ("mini", "leetcode")
SPLITS = ("sft", "train", "eval")
DIFFICULTIES = ("easy", "medium", "hard")

# Named imports only: a star import of operator or math would replace the builtin pow.
MINI_SETUP = """\
import bisect, collections, functools, heapq, itertools, math, re, string
from bisect import bisect_left, bisect_right
from collections import Counter, OrderedDict, defaultdict, deque
from functools import cache, lru_cache, reduce
from heapq import heapify, heappop, heappush
from itertools import accumulate, combinations, groupby, permutations, product
from math import ceil, floor, gcd, inf, sqrt
from typing import Any, Dict, List, Optional, Set, Tuple
"""


@dataclass(frozen=True)
class Test:
    """One call and its result. kwargs: keyword arguments as Python source, "nums = [2, 7], k = 9", literals only.
    expected: the plain Python value (None, bool, int, float, str, list, tuple, dict, set) that the call returns."""

    __test__ = False  # pytest would collect it by its name
    kwargs: str
    expected: Any


@dataclass(frozen=True)
class Problem:
    """A programming task in the LeetCode form. canonical is a whole class Solution that passes every test;
    setup_code holds the imports to run before any solution."""

    id: str
    source: str
    difficulty: str
    split: str
    description: str
    starter_code: str
    method: str
    canonical: str
    tests: tuple[Test, ...]
    setup_code: str

    @cached_property
    def hash(self) -> str:
        """sha256 (hex) over what the problem says and checks; its id, split and difficulty are not content."""
        tests = [[test.kwargs, literal(test.expected)] for test in self.tests]
        content = [self.description, self.starter_code, self.method, self.canonical, self.setup_code, tests]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def literal(value: Any) -> str:
    """Python source of a plain value, the same in every process: repr orders a set by the process's string hashes."""
    match value:
        case set():
            return "{" + ", ".join(sorted(map(literal, value))) + "}" if value else "set()"
        case list():
            return "[" + ", ".join(map(literal, value)) + "]"
        case tuple():
            return "(" + ", ".join(map(literal, value)) + ("," if len(value) == 1 else "") + ")"
        case dict():
            return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
        case _:
            return repr(value)


def load(source: str, split: str | None = None, **options: Any) -> list[Problem]:
    """Problems of a source, in the order of the file, or shuffled if `seed` is given.

    source: "mini", or "leetcode" (with path=FILE, else the benchmark in external/). split: one of SPLITS, None for all.
    options: difficulty (one name, names with commas, or a list), max_description_chars, min_tests, limit, seed;
    for leetcode also path, eval_share and frozen (see leetcode.py). An unknown name or an unreadable file raises Refusal.
    """
    if source not in SOURCES:
        raise Refusal(f"unknown problem source {source!r}; choose one of {', '.join(SOURCES)}")
    if split is not None and split not in SPLITS:
        raise Refusal(f"unknown split {split!r}; choose one of {', '.join(SPLITS)}")
    problems, options = load_mini(options) if source == "mini" else load_leetcode(split, options)
    fits = select(problems, split, **options)
    if not fits:
        raise Refusal(f"none of the {len(problems)} {source} problems fits split={split} {options}; ask for less")
    return fits


def load_leetcode(split: str | None, options: dict[str, Any]) -> tuple[list[Problem], dict[str, Any]]:
    """(problems, the options that are left for select)"""
    from projected_grpo import leetcode  # here, because it needs the classes of this module

    check_options(options, SELECT + leetcode.OPTIONS)
    own = {key: value for key, value in options.items() if key in leetcode.OPTIONS}
    problems, kept = leetcode.load(split, **own)
    logger.info("leetcode:\n{}", kept)
    whole = split == "eval" and own.get("frozen") is not None  # a frozen set is not filtered: it would be another one
    return problems, {key: value for key, value in options.items() if key in (DRAW if whole else SELECT)}


DRAW = ("limit", "seed")
SELECT = ("difficulty", "max_description_chars", "min_tests", *DRAW)


def check_options(options: dict[str, Any], known: tuple[str, ...]) -> None:
    if unknown := sorted(set(options) - set(known)):
        raise Refusal(f"unknown problem option {unknown[0]!r}; choose from {', '.join(known)}")


def select(
    problems: list[Problem],
    split: str | None = None,
    difficulty: str | list[str] | tuple[str, ...] | None = None,
    max_description_chars: int | None = None,
    min_tests: int = 1,
    limit: int | None = None,
    seed: int | None = None,
) -> list[Problem]:
    """The problems that fit. seed shuffles before limit cuts, so that a limited draw is a random one."""
    levels = difficulty.split(",") if isinstance(difficulty, str) else difficulty or DIFFICULTIES
    if wrong := sorted(set(levels) - set(DIFFICULTIES)):
        raise Refusal(f"unknown difficulty {wrong[0]!r}; choose from {', '.join(DIFFICULTIES)}")
    longest = max_description_chars or sys.maxsize
    fits = [p for p in problems if split in (None, p.split) and p.difficulty in levels]
    fits = [p for p in fits if len(p.description) <= longest and len(p.tests) >= min_tests]
    if seed is not None:
        random.Random(seed).shuffle(fits)
    return fits[:limit]


def read_jsonl(path: Path) -> list[dict]:
    """Rows of a .jsonl or .jsonl.gz file."""
    try:
        data = path.read_bytes()
        text = gzip.decompress(data) if path.suffix == ".gz" else data
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, EOFError, ValueError) as error:  # gzip and json raise these for a damaged file
        raise Refusal(f"cannot read problems from {path} ({error}); give path= a .jsonl or .jsonl.gz file of problems")


def load_mini(options: dict[str, Any]) -> tuple[list[Problem], dict[str, Any]]:
    """The project's own problems, and the options. The file says the split; each row has the hash of its content."""
    check_options(options, SELECT)
    return [mini_problem(row, split) for split in SPLITS for row in read_jsonl(MINI / f"{split}.jsonl")], options


def mini_problem(row: dict, split: str) -> Problem:
    tests = tuple(Test(t["kwargs"], ast.literal_eval(t["expected"])) for t in row["tests"])
    fields = {key: row[key] for key in ("id", "difficulty", "description", "starter_code", "method", "canonical")}
    problem = Problem(source="mini", split=split, tests=tests, setup_code=MINI_SETUP, **fields)
    if problem.hash != row["hash"]:
        raise Refusal(f"{problem.id} is not what its hash says; restore src/projected_grpo/mini from the repository")
    return problem


def counts_table(problems: list[Problem]) -> str:
    counts = Counter((p.split, p.difficulty) for p in problems)
    tests = Counter()
    for p in problems:
        tests[p.split] += len(p.tests)
    splits = [split for split in SPLITS if tests[split]]
    rows = [[s, *(counts[s, d] for d in DIFFICULTIES), sum(p.split == s for p in problems), tests[s]] for s in splits]
    return tabulate(rows, headers=["split", *DIFFICULTIES, "problems", "tests"])


def main(argv: list[str]) -> None:
    """Print how many problems there are by split and difficulty; what leetcode files had beyond them is in the log."""
    wholes = ("max_description_chars", "min_tests", "limit", "seed")
    source, given = arguments(argv, "SOURCE", dict.fromkeys(("split", "difficulty", *wholes, "path", "frozen"), ""))
    options = {key: whole_number(key, text, 0) if key in wholes else text for key, text in given.items() if text}
    print(counts_table(load(source or "mini", **options)))


if __name__ == "__main__":
    from projected_grpo.problems import main as run  # the module's own classes, not a second copy under __main__

    run(sys.argv[1:])
