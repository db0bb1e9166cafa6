"""A programming task in the LeetCode form, and Python source of plain values."""

import ast
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

SPLITS = ("sft", "train", "eval")
DIFFICULTIES = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Test:
    """One call and its result.

    kwargs: keyword arguments as Python source, "nums = [2, 7], k = 9", literals only.
    expected: the value that the call returns, of Python's None, bool, int, float, str, list, tuple,
    dict and set.
    """

    # pytest would collect it by its name.
    __test__ = False

    kwargs: str
    expected: Any


@lru_cache(maxsize=1024)
def arguments_of(kwargs: str) -> dict[str, Any]:
    """The arguments of a call, by parameter, from a Test's kwargs. Not to be changed."""
    words = ast.parse(f"f({kwargs})", mode="eval").body.keywords
    return {word.arg: ast.literal_eval(word.value) for word in words}


@dataclass(frozen=True)
class Problem:
    """A programming task in the LeetCode form.

    canonical: a whole class Solution that passes every test.
    tests: what the data set has, often no more than the description's own examples.
    setup_code: the imports to run before any solution.
    hidden: tests that no description shows, answered by the canonical solution.
    checker: which answers count as the expected one, by its name in data/checkers.tsv.
    """

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
    hidden: tuple[Test, ...] = ()
    checker: str = "equal"

    @cached_property
    def hash(self) -> str:
        """sha256 (hex) over what the problem says and checks.

        Its id, source, split and difficulty are not content, and neither is what was added to it:
        hidden tests and a checker.
        """
        tests = [[test.kwargs, literal(test.expected)] for test in self.tests]
        return sha256([*self.without_tests(), tests])

    @cached_property
    def oracle(self) -> str:
        """sha256 (hex) over what answers to an input: hash, but for the tests."""
        return sha256(self.without_tests())

    def without_tests(self) -> list[str]:
        return [
            self.description,
            self.starter_code,
            self.method,
            self.canonical,
            self.setup_code,
        ]

    @cached_property
    def judged_by(self) -> str:
        """sha256 (hex) over what decides on a response: hash, and what was added, if anything."""
        if not self.hidden and self.checker == "equal":
            return self.hash
        hidden = [[test.kwargs, literal(test.expected)] for test in self.hidden]
        return sha256([self.hash, hidden, self.checker])


def sha256(content: list) -> str:
    """Of its JSON, in hex."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def literal(value: Any) -> str:
    """Python source of a value like Test.expected, the same in every process.

    repr would order a set by the process's string hashes.
    """
    match value:
        case set() if not value:
            return "set()"
        case set():
            return "{" + ", ".join(sorted(map(literal, value))) + "}"
        case list():
            return "[" + ", ".join(map(literal, value)) + "]"
        case tuple():
            comma = "," if len(value) == 1 else ""
            return "(" + ", ".join(map(literal, value)) + comma + ")"
        case dict():
            items = [f"{literal(k)}: {literal(v)}" for k, v in value.items()]
            return "{" + ", ".join(items) + "}"
        case _:
            return repr(value)
