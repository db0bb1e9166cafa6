"""The project's own small problems, which ship with it."""

import ast
from pathlib import Path

from projected_grpo.cli import Refusal
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.problem import SPLITS, Problem, Test

MINI = Path(__file__).parent / "data"

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


def problems() -> list[Problem]:
    """The project's own problems. The file says the split; each row has the hash of its content."""
    return [
        mini_problem(row, split) for split in SPLITS for row in read_jsonl(MINI / f"{split}.jsonl")
    ]


def mini_problem(row: dict, split: str) -> Problem:
    tests = tuple(Test(t["kwargs"], ast.literal_eval(t["expected"])) for t in row["tests"])
    fields = {
        key: row[key]
        for key in ("id", "difficulty", "description", "starter_code", "method", "canonical")
    }
    problem = Problem(source="mini", split=split, tests=tests, setup_code=MINI_SETUP, **fields)
    if problem.hash != row["hash"]:
        raise Refusal(
            f"{problem.id} is not what its hash says; restore src/projected_grpo/problems/data from the repository"
        )
    return problem
