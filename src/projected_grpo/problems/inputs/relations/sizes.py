"""Sizes such as n and m that a statement names and no parameter gives: "n == nums.length"."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from projected_grpo.problems.inputs.notation import powers
from projected_grpo.problems.inputs.relations.comparisons import commas
from projected_grpo.problems.inputs.relations.expressions import (
    NOT_KNOWN,
    Expression,
    all_values,
    quantified,
)
from projected_grpo.problems.inputs.relations.reader import Reader
from projected_grpo.problems.inputs.statement import Statement
from projected_grpo.problems.solution_source import Skip

WORD = re.compile(r"(?<![\w.\[\])'\"])([a-zA-Z_]\w*)(?![\w(\['\"]|\.length)")
FUNCTION_WORDS = {"min", "max", "sum", "and", "length", "for", "all"}


@dataclass(frozen=True)
class Sizes:
    """names -> the equalities that define them, (the side with the name, the other side)."""

    names: dict[str, tuple[tuple[Expression, Expression], ...]]

    def of(self, arguments: dict[str, Any]) -> dict[str, int]:
        """Every size by the arguments' lengths; one that none fits is left out."""
        found: dict[str, int] = {}
        for name, equalities in self.names.items():
            for side, other in equalities:
                value = solved(name, side, other, {**arguments, **found})
                if value is not None:
                    found[name] = value
                    break
        return found


def solved(name: str, side: Expression, other: Expression, names: dict[str, Any]) -> int | None:
    """The name's value such that its side (n, 2 * n, n + 1) is the other one."""
    try:
        values = all_values(quantified(other.source, other), names)
    except NOT_KNOWN:
        return None
    if not values:
        return None
    if side.source == name:
        return values[0]
    for value in range(values[0] + 2):
        if side.at({**names, name: value}) == values[0]:
            return value
    return None


def sizes_of(statement: Statement) -> Sizes:
    """Names in equalities with lengths; an equality that cannot be read defines nothing."""
    sides: dict[str, list[tuple[str, str]]] = {}
    for name, side, other in equalities(statement):
        sides.setdefault(name, []).append((side, other))
    reader = Reader(statement, frozenset(sides))
    found: dict[str, list] = {}
    for name, pairs in sides.items():
        for text, other in pairs:
            with suppress(Skip):
                side = reader.read(text)[0]
                length = reader.read(commas(other)[0])[0]
                if name in side.names:
                    found.setdefault(name, []).append((side, length))
    return Sizes({name: tuple(pairs) for name, pairs in found.items()})


def equalities(statement: Statement) -> Iterator[tuple[str, str, str]]:
    """Names that no parameter has, each with its side of an equality and a length beside it."""
    known = {*statement.types, *statement.columns, *FUNCTION_WORDS}
    for line in statement.lines:
        for chain in re.split(r"[<>!]=|[<>]", powers(line)):
            sides = [side.strip() for side in re.split("==?", chain)]
            lengths = [side for side in sides if ".length" in side]
            for side in sides:
                for name in WORD.findall(side):
                    if lengths and len(sides) > 1 and name not in known:
                        yield name, side, lengths[-1]
