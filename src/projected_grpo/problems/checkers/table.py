"""data/checkers.tsv: which problem has which checker, and why."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from projected_grpo.cli import Refusal
from projected_grpo.problems.checkers.registry import CHECKERS
from projected_grpo.problems.problem import Test, arguments_of

TABLE = Path(__file__).parents[4] / "data/checkers.tsv"
COLUMNS = ["problem", "method", "checker", "evidence"]
# In the place of a checker: the problem is not used, because none can say which answers are right.
LEFT_OUT = "left_out"


def checker_of(problem_id: str, method: str) -> str:
    """The name of the problem's checker, or LEFT_OUT. A problem that the table lacks has "equal".

    The method is named too, because versions of the data set give one id to two problems.
    """
    return read_table(TABLE).get((problem_id, method), "equal")


@lru_cache
def read_table(path: Path) -> Mapping[tuple[str, str], str]:
    """(problem id, method) -> checker. Refusal for a row that cannot be what was meant."""
    if not path.is_file():
        raise Refusal(f"{path} is missing; restore it from the repository")
    header, *rows = [line.split("\t") for line in path.read_text().splitlines()]
    table: dict[tuple[str, str], str] = {}
    for row in [header, *rows]:
        if len(row) != len(COLUMNS):
            raise Refusal(f"{path}: {row[0]!r} has not the columns {', '.join(COLUMNS)}; add them")
    for problem_id, method, name, _evidence in rows:
        if name not in CHECKERS and name != LEFT_OUT:
            known = ", ".join([*CHECKERS, LEFT_OUT])
            raise Refusal(f"{path}: unknown checker {name!r} for {problem_id}; choose from {known}")
        if (problem_id, method) in table:
            raise Refusal(f"{path}: {problem_id} {method} stands there twice; keep one row")
        table[problem_id, method] = name
    return table


def accepts(name: str, arguments: Mapping[str, Any], expected: Any, answer: Any) -> bool:
    """Whether an answer to a call is right, by the checker of this name.

    arguments: the call's, by parameter. expected: an answer that is right. answer: plain data, of
    lists, ints, floats, bools, strings and None; what else a program says must be None here.
    """
    return CHECKERS[name](answer, expected, arguments)


def is_valid(name: str, test: Test) -> bool:
    """Whether a test's own expected value is right, by the checker of this name."""
    if name == "equal":
        return True
    return accepts(name, arguments_of(test.kwargs), test.expected, test.expected)
