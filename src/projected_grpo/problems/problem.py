"""A programming task in the LeetCode form, and Python source of plain values."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

SPLITS = ("sft", "train", "eval")
DIFFICULTIES = ("easy", "medium", "hard")


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
        content = [
            self.description,
            self.starter_code,
            self.method,
            self.canonical,
            self.setup_code,
            tests,
        ]
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
