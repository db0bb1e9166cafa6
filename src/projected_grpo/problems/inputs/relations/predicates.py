"""Lines of the table in data/ that no wording covers: "check: all(a < b for a, b in pairs)"."""

import ast
import math
from dataclasses import dataclass
from itertools import accumulate
from types import CodeType
from typing import Any

from projected_grpo.problems.inputs.relations.expressions import FUNCTIONS
from projected_grpo.problems.inputs.relations.reader import Reader
from projected_grpo.problems.inputs.statement import NotUnderstood

PREFIX = "check:"


@dataclass(frozen=True)
class Predicate:
    """A Python expression over the parameters and sizes, true of every input.

    Nothing is drawn by it: what it does not hold of is drawn again.
    """

    code: CodeType
    names: frozenset[str]
    text: str

    def holds(self, names: dict[str, Any]) -> bool:
        return bool(eval(self.code, {**WORDS, **names}))


def predicate(text: str, reader: Reader) -> Predicate:
    """Raises NotUnderstood where it does not parse or speaks of nothing in the input."""
    source = text.removeprefix(PREFIX).strip()
    try:
        tree = ast.parse(source, mode="eval")
    except SyntaxError:
        raise NotUnderstood from None
    words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names = words & (set(reader.statement.types) | set(reader.sizes))
    if not names:
        raise NotUnderstood
    return Predicate(compile(source, text, "eval"), frozenset(names), text)


def islands(grid: list, value: Any) -> int:
    """How many pieces the cells of a value make, side by side."""
    left = {(i, j) for i, row in enumerate(grid) for j, cell in enumerate(row) if cell == value}
    pieces = 0
    while left:
        pieces += 1
        border = [left.pop()]
        while border:
            i, j = border.pop()
            beside = {(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)} & left
            left -= beside
            border += beside
    return pieces


WORDS = {
    **FUNCTIONS,
    "prod": math.prod,
    "gcd": math.gcd,
    "comb": math.comb,
    "accumulate": accumulate,
    "str": str,
    "zip": zip,
    "islands": islands,
}
