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
    """The project's own problems. The file says the split; each row has its content's hash."""
    rows = []
    for split in SPLITS:
        rows += [mini_problem(row, split) for row in read_jsonl(MINI / f"{split}.jsonl")]
    return rows


def mini_problem(row: dict, split: str) -> Problem:
    """A row of a data file as a Problem. Refusal where it is not what its hash says."""
    tests = [Test(test["kwargs"], ast.literal_eval(test["expected"])) for test in row["tests"]]
    problem = Problem(
        id=row["id"],
        source="mini",
        difficulty=row["difficulty"],
        split=split,
        description=row["description"],
        starter_code=row["starter_code"],
        method=row["method"],
        canonical=row["canonical"],
        tests=tuple(tests),
        setup_code=MINI_SETUP,
    )
    if problem.hash != row["hash"]:
        raise Refusal(
            f"{problem.id} is not what its hash says;"
            " restore src/projected_grpo/problems/data from the repository"
        )
    return problem
