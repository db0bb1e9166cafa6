"""The known data files, each read once, and rows of the three forms, cut to what is read."""

import itertools
import json
from functools import cache
from pathlib import Path

import pytest

from projected_grpo.problems import leetcode
from projected_grpo.problems.problem import Problem
from projected_grpo.problems.tally import Tally

DATA = Path(__file__).parents[3] / "../shared/data"
# Of each the first that is there is read.
FILES = {
    "benchmark": [
        leetcode.FILES["eval"],
        DATA / "rl-rewardhacking-leetcode_test_medhard.jsonl.gz",
    ],
    "v0.2.0": [DATA / "LeetCodeDataset-v0.2.0-train.jsonl.gz"],
    "v0.3.0": [DATA / "LeetCodeDataset-v0.3.0-test.jsonl.gz"],
    "v0.3.1": [DATA / "LeetCodeDataset-v0.3.1-test.jsonl.gz"],
}
# No data file has so many.
IDS = itertools.count(900_001)
STARTER = "class Solution:\n    def f(self, {}) -> {}:\n        "


def real_file(name: str) -> Path:
    """One of FILES; the test is skipped where it is not there."""
    path = next((path for path in FILES[name] if path.is_file()), None)
    if path is None:
        pytest.skip(f"no {name} file: `just sync-external`, or put it in ../shared/data")
    return path


@cache
def read_once(name: str) -> tuple[list[Problem], Tally]:
    return leetcode.read_problems(path=real_file(name))


@pytest.fixture(scope="session")
def known() -> dict[tuple[str, str], Problem]:
    """(id, method) -> problem, of every LeetCodeDataset file."""
    problems = {}
    for name in ("v0.2.0", "v0.3.0", "v0.3.1"):
        for problem in read_once(name)[0]:
            problems.setdefault((problem.id, problem.method), problem)
    return problems


def write(path: Path, *rows: dict) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def benchmark_row(calls: list[str], returns: str = "int", arguments: str = "n: int") -> dict:
    ask = "Your solution to the problem should be a method of the class Solution called f and ..."
    return {
        "id": next(IDS),
        "difficulty": "medium",
        "question": f"PROBLEM:\nAdd.\n\n{ask}",
        "func_name": "Solution().f",
        "gt_answer": calls,
        "canonical_solution": STARTER.format(arguments, returns) + "return n",
        "setup_code": "from operator import *\nfrom math import *\n",
        "prompt_metadata": {"starter_code": STARTER.format(arguments, returns)},
    }


def v3_row(
    pairs: list[tuple[str, str]], returns: str = "int", arguments: str = "n: int", setup: str = ""
) -> dict:
    return {
        "question_id": next(IDS),
        "difficulty": "Hard",
        "problem_description": "Add.",
        "starter_code": STARTER.format(arguments, returns),
        "entry_point": "Solution().f",
        "completion": STARTER.format(arguments, returns) + "return n",
        "prompt": setup,
        "input_output": [{"input": kwargs, "output": output} for kwargs, output in pairs],
    }


def v2_row(checks: list[str], returns: str = "int", arguments: str = "n: int") -> dict:
    starter = STARTER.format(arguments, returns).rstrip()
    query = f"Add.\nPlease complete the following python code precisely:\n```python\n{starter}\n```"
    return {
        "meta": {
            "question_id": next(IDS),
            "difficulty": "Easy",
            "question_title": "Add, with examples.",
        },
        "query": query,
        "entry_point": "Solution().f",
        "completion": STARTER.format(arguments, returns) + "return n",
        "prompt": "",
        "test": "def check(candidate):\n" + "".join(f"    assert {check}\n" for check in checks),
    }
