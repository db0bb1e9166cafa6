"""A row of a LeetCode data file in the one form that the files have in common.

The files: the benchmark's jsonl, and LeetCodeDataset in its v0.2.0 and v0.3.x forms.
Sources: ariahw/rl-rewardhacking (results/data), newfacade/LeetCodeDataset.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from projected_grpo.cli import Refusal
from projected_grpo.problems.problem import DIFFICULTIES
from projected_grpo.problems.solution_source import Skip, parsed

# The setup code star-imports operator and then math, whose pow takes two arguments only:
# pow(b, e, m) would raise.
RESTORE_POW = "\nfrom builtins import pow\n"

# What the benchmark's question says after the description.
ASK = "\n\nYour solution to the problem should be a method of"

# What stands in a statement's place.
NO_STATEMENT = "English description is not available"


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


# A converter for a row, and the split of its file, or None for a split by hash.
Form = tuple[Callable[[dict], Row], str | None]


def with_forms(rows: list[dict], path: Path) -> Iterator[tuple[dict, Form]]:
    """Each row with its form; one that has no form of its own has that of the file's first.

    Refusal where no row has any.
    """
    forms = [form(raw) for raw in rows]
    first = next(filter(None, forms), None)
    if rows and first is None:
        raise Refusal(
            f"{path} is neither the benchmark's nor LeetCodeDataset's format;"
            " give another file as path="
        )
    for raw, own in zip(rows, forms, strict=True):
        yield raw, own or first


def form(raw: dict) -> Form | None:
    """By the fields that a row has."""
    if "gt_answer" in raw:
        return from_benchmark, "train"
    if "problem_description" in raw:
        return from_v3, None
    if "query" in raw and "meta" in raw:
        return from_v2, None
    return None


def field(raw: dict, *names: str, kind: Any = str) -> Any:
    """raw[a][b]; Skip, which names the field, where it is absent or of another kind."""
    value: Any = raw
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, kind):
        raise Skip(f"a row lacks {'.'.join(names)}")
    return value


def difficulty_of(word: str) -> str:
    """The one of DIFFICULTIES that is meant: v0.2.0's test file has "Meidum" 21 times."""
    meant = get_close_matches(word.strip().lower(), DIFFICULTIES, n=1, cutoff=0.75)
    if not meant:
        raise Skip("difficulty of another name")
    return meant[0]


def statement(text: str) -> str:
    if not text.strip() or text.startswith(NO_STATEMENT):
        raise Skip("no statement")
    return text


def from_benchmark(raw: dict) -> Row:
    description, separator, _ = field(raw, "question").rpartition(ASK)
    if not separator:
        raise Skip("question in another wording")
    return Row(
        id=f"leetcode/{field(raw, 'id', kind=int | str)}",
        difficulty=difficulty_of(field(raw, "difficulty")),
        description=statement(description.removeprefix("PROBLEM:\n")),
        starter_code=field(raw, "prompt_metadata", "starter_code"),
        method=field(raw, "func_name").removeprefix("Solution()."),
        canonical=field(raw, "canonical_solution"),
        setup_code=field(raw, "setup_code") + RESTORE_POW,
        calls=[str(call) for call in field(raw, "gt_answer", kind=list)],
    )


def from_v3(raw: dict) -> Row:
    starter = field(raw, "starter_code")
    # Outputs are bare here: strings have no quotes.
    returns_str = re.search(r"->\s*str\s*:\s*$", starter) is not None
    # input_output also holds what failed upstream, which `test` leaves out.
    pairs = field(raw, "input_output", kind=list)
    return Row(
        id=f"leetcode/{field(raw, 'question_id', kind=int | str)}",
        difficulty=difficulty_of(field(raw, "difficulty")),
        description=statement(field(raw, "problem_description")),
        starter_code=starter,
        method=field(raw, "entry_point").removeprefix("Solution()."),
        canonical=field(raw, "completion"),
        setup_code=field(raw, "prompt") + RESTORE_POW,
        calls=[call_of(pair, returns_str) for pair in pairs],
    )


def call_of(pair: Any, returns_str: bool) -> str:
    """One without an input or an output becomes a call that does not parse, and is counted so."""
    match pair:
        case {"input": str(given), "output": str(output)}:
            return f"assert f({given}) == {repr(output) if returns_str else output}"
    return "assert f() =="


def from_v2(raw: dict) -> Row:
    # `query` holds the starter code but drops the examples.
    # The whole description stands in meta.question_title.
    starters = re.findall(r"```python\n(.*?)\n?```", field(raw, "query"), re.DOTALL)
    if not starters:
        raise Skip("no starter code")
    return Row(
        id=f"leetcode/{field(raw, 'meta', 'question_id', kind=int | str)}",
        difficulty=difficulty_of(field(raw, "meta", "difficulty")),
        description=statement(field(raw, "meta", "question_title")),
        starter_code=starters[-1].rstrip() + "\n        ",
        method=field(raw, "entry_point").removeprefix("Solution()."),
        canonical=field(raw, "completion"),
        setup_code=field(raw, "prompt") + RESTORE_POW,
        calls=checks_of(field(raw, "test")),
    )


def checks_of(test: str) -> list[str]:
    """The statements of `def check(candidate):` as sources; Skip where there is no function."""
    match parsed(test, "test code does not parse").body:
        case [ast.FunctionDef(body=checks), *_]:
            return [ast.unparse(check) for check in checks]
    raise Skip("test code is no function")
