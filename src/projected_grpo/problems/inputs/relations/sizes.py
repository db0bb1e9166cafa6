"""Sizes such as n and m that a statement names and no parameter gives: "n == nums.length"."""

import re
from dataclasses import dataclass
from typing import Any

from projected_grpo.problems.inputs.notation import powers
from projected_grpo.problems.inputs.relations.comparisons import SIGN, commas
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
    """Names in equalities with lengths. Skip where such an equality cannot be read."""
    candidates: dict[str, list] = {}
    for line in statement.lines:
        parts = SIGN.split(powers(line))
        sides, signs = parts[::2], parts[1::2]
        for at, sign in enumerate(signs):
            if sign not in ("==", "="):
                continue
            chain = chained(sides, signs, at)
            for text in chain:
                for name in WORD.findall(text):
                    if is_new(name, statement):
                        others = [o for o in chain if ".length" in o]
                        if others:
                            candidates.setdefault(name, []).append((text.strip(), others[-1]))
    reader = Reader(statement, frozenset(candidates))
    found = {}
    for name, pairs in candidates.items():
        read = []
        for text, other in pairs:
            try:
                read.append((reader.read(text)[0], reader.read(commas(other)[0])[0]))
            except Skip:
                continue
        read = [(side, other) for side, other in read if name in side.names]
        if read:
            found[name] = tuple(read)
    return Sizes(found)


def chained(sides: list[str], signs: list[str], at: int) -> list[str]:
    """All sides that are equal to the one at a place."""
    low = at
    while low and signs[low - 1] in ("==", "="):
        low -= 1
    high = at + 1
    while high < len(signs) and signs[high] in ("==", "="):
        high += 1
    return [side.strip() for side in sides[low : high + 1]]


def is_new(name: str, statement: Statement) -> bool:
    known = name in statement.types or name in statement.columns or name in FUNCTION_WORDS
    return not known
