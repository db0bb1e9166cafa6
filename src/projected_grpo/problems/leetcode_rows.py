"""A row of a LeetCode data file in the one form that the files have in common.

The files: the benchmark's jsonl, and LeetCodeDataset in its v0.2.0 and v0.3.x forms.
Sources: ariahw/rl-rewardhacking (results/data), newfacade/LeetCodeDataset.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from projected_grpo.cli import Refusal
from projected_grpo.problems.solution_source import Skip, parsed

# The setup code star-imports operator and then math, whose pow takes two arguments only:
# pow(b, e, m) would raise.
RESTORE_POW = "\nfrom builtins import pow\n"

# Of the v0.2.0 training file: their canonical solutions take 0.26 to 0.93 CPU seconds, the next one
# of 1,765 takes 0.04. Each trial of a test function runs one, and a training step waits for the
# last verdict.
SLOW = {1361, 2319, 2827}

# What the benchmark's question says after the description.
ASK = "\n\nYour solution to the problem should be a method of"


@dataclass(frozen=True)
class Row:
    """A problem as its file has it. calls: source lines `assert f(arguments) == expected`."""

    id: str
    difficulty: str
    description: str
    starter_code: str
    method: str
    canonical: str
    setup_code: str
    calls: list[str]


def form(raw: dict, path: Path) -> tuple[Callable[[dict], Row], str | None]:
    """(the converter for a row, the split of its file or None for a split by hash)"""
    if "gt_answer" in raw:
        return from_benchmark, "train"
    if "problem_description" in raw:
        return from_v3, None
    if "query" in raw and "meta" in raw:
        return from_v2, None
    raise Refusal(
        f"{path} is neither the benchmark's nor LeetCodeDataset's format;"
        " give another file as path="
    )


def from_benchmark(raw: dict) -> Row:
    description, separator, _ = raw["question"].rpartition(ASK)
    if not separator:
        raise Skip("question in another wording")
    return Row(
        id=f"leetcode/{raw['id']}",
        difficulty=raw["difficulty"],
        description=description.removeprefix("PROBLEM:\n"),
        starter_code=raw["prompt_metadata"]["starter_code"],
        method=raw["func_name"].removeprefix("Solution()."),
        canonical=raw["canonical_solution"],
        setup_code=raw["setup_code"] + RESTORE_POW,
        calls=raw["gt_answer"],
    )


def from_v3(raw: dict) -> Row:
    # Outputs are bare here: strings have no quotes.
    returns_str = re.search(r"->\s*str\s*:\s*$", raw["starter_code"]) is not None
    calls = []
    # input_output also holds what failed upstream, which `test` leaves out.
    for test in raw["input_output"]:
        expected = repr(test["output"]) if returns_str else test["output"]
        calls.append(f"assert f({test['input']}) == {expected}")
    return Row(
        id=f"leetcode/{raw['question_id']}",
        difficulty=raw["difficulty"].lower(),
        description=raw["problem_description"],
        starter_code=raw["starter_code"],
        method=raw["entry_point"].removeprefix("Solution()."),
        canonical=raw["completion"],
        setup_code=raw["prompt"] + RESTORE_POW,
        calls=calls,
    )


def from_v2(raw: dict) -> Row:
    # `query` holds the starter code but drops the examples.
    # The whole description stands in meta.question_title.
    starters = re.findall(r"```python\n(.*?)\n?```", raw["query"], re.DOTALL)
    if not starters:
        raise Skip("no starter code")
    if raw["meta"]["question_id"] in SLOW:
        raise Skip("canonical solution is slow")
    return Row(
        id=f"leetcode/{raw['meta']['question_id']}",
        difficulty=raw["meta"]["difficulty"].lower(),
        description=raw["meta"]["question_title"],
        starter_code=starters[-1].rstrip() + "\n        ",
        method=raw["entry_point"].removeprefix("Solution()."),
        canonical=raw["completion"],
        setup_code=raw["prompt"] + RESTORE_POW,
        calls=checks_of(raw["test"]),
    )


def checks_of(test: str) -> list[str]:
    """The statements of `def check(candidate):` as sources; Skip where there is no function."""
    match parsed(test, "test code does not parse").body:
        case [ast.FunctionDef(body=checks), *_]:
            return [ast.unparse(check) for check in checks]
    raise Skip("test code is no function")
