"""What the comparisons leave of a quantity's range, by what is drawn of the input so far."""

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import CodeType
from typing import Any

from projected_grpo.problems.inputs.relations.comparisons import MIRRORED, Comparison
from projected_grpo.problems.inputs.relations.expressions import (
    FUNCTIONS,
    NOT_KNOWN,
    Expression,
    Ref,
    all_values,
    quantified,
)
from projected_grpo.problems.solution_source import Skip

NUMBERS = (int, float)


class Partial(list):
    """A list on its way: as long as it will be, with the elements that it has by now."""

    def __init__(self, length: int):
        super().__init__()
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __iter__(self):
        raise IndexError("a list that is not drawn yet")

    def compared(self, other: object) -> bool:
        raise IndexError("a list that is not drawn yet")

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = compared
    __hash__ = None


@dataclass
class Range:
    """low to high, both included; not the excluded ones."""

    low: int | float = -math.inf
    high: int | float = math.inf
    excluded: set = field(default_factory=set)

    def narrow(self, sign: str, value: Any, whole: bool) -> None:
        if sign in (">=", "=="):
            self.low = max(self.low, math.ceil(value) if whole else value)
        if sign in ("<=", "=="):
            self.high = min(self.high, math.floor(value) if whole else value)
        if sign == ">":
            self.low = max(self.low, math.floor(value) + 1 if whole else value)
        if sign == "<":
            self.high = min(self.high, math.ceil(value) - 1 if whole else value)
        if sign == "!=":
            self.excluded.add(value)


@dataclass(frozen=True)
class Side:
    """own sign other: one comparison from the side of a quantity."""

    own: Ref
    sign: str
    other: Expression
    condition: str

    @cached_property
    def all_others(self) -> CodeType:
        """The code of all values that the other side has."""
        return quantified(self.other.source, self.other)


class Limits:
    """All comparisons, by the quantity that they bound: (name, number of indices, is length)."""

    def __init__(self, comparisons: list[Comparison]):
        self.sides: dict[tuple, list[Side]] = defaultdict(list)
        for c in comparisons:
            self.add(c.left, c.sign, c.right, c.condition)
            self.add(c.right, MIRRORED[c.sign], c.left, c.condition)

    def add(self, own: Expression, sign: str, other: Expression, condition: str) -> None:
        if own.ref is not None and is_next(own.ref):
            # What bounds all the next ones by itself bounds them all.
            plain = Ref(own.ref.name, tuple(i if i != "i + 1" else "i" for i in own.ref.indices))
            own = replace(own, ref=None if other.loops else plain)
        if own.ref is not None:
            key = (own.ref.name, len(own.ref.indices), own.ref.is_length)
            self.sides[key].append(Side(own.ref, sign, other, condition))

    def of(self, ref: Ref, names: dict[str, Any], whole: bool = True, seen: tuple = ()) -> Range:
        """ref: with numbers for all its indices, or with names where the range of any is meant."""
        found = Range()
        for side in self.sides[(ref.name, len(ref.indices), ref.is_length)]:
            bound = binding(side.own.indices, ref.indices)
            if bound is None:
                continue
            here = {**names, **bound}
            if side.condition and not holds(side.condition, here):
                continue
            value = self.value(side, names, seen + (ref,), bound)
            if isinstance(value, Range):
                found.low = max(found.low, value.low)
                found.high = min(found.high, value.high)
            elif isinstance(value, NUMBERS) and not isinstance(value, bool):
                found.narrow(side.sign, value, whole)
        return found

    def value(self, side: Side, names: dict[str, Any], seen: tuple, bound: dict) -> Any:
        """The other side's value, or the Range of it; None where nothing is known of it."""
        here = {**names, **bound}
        try:
            return side.other.at(here)
        except NOT_KNOWN:
            pass
        except TypeError:
            return None
        is_free = any(index not in bound for index, _ in side.other.loops)
        # Of the list in hand the other rows say nothing of this one.
        if is_free and side.own.name not in side.other.names:
            value = self.extreme(side, here)
            if value is not None:
                return value
        if side.other.ref is None or side.sign == "!=":
            return None
        indices = tuple(bound.get(index, index) for index in side.other.ref.indices)
        ref = Ref(side.other.ref.name, indices, side.other.ref.is_length)
        if ref in seen:
            return None
        inner = self.of(ref, names, True, seen)
        if side.sign == "==":
            return inner
        value = inner.high if side.sign in ("<=", "<") else inner.low
        return value if math.isfinite(value) else None

    def extreme(self, side: Side, names: dict[str, Any]) -> Any:
        """The one of all the other side's values that bounds most."""
        try:
            values = all_values(side.all_others, names)
        except (*NOT_KNOWN, TypeError):
            return None
        if not values or side.sign == "!=" or not all(isinstance(v, NUMBERS) for v in values):
            return None
        return min(values) if side.sign in ("<=", "<") else max(values)


def is_next(ref: Ref) -> bool:
    return any(isinstance(i, str) and not i.isidentifier() for i in ref.indices)


def binding(own: tuple, actual: tuple) -> dict[str, int] | None:
    """The names of own indices as numbers; None where a number of them is another one."""
    bound: dict[str, int] = {}
    for index, number in zip(own, actual):
        if isinstance(index, str):
            if isinstance(number, int):
                if bound.setdefault(index, number) != number:
                    return None
        elif isinstance(number, int) and index != number:
            return None
        elif not isinstance(number, int):
            return None
    return bound


def holds(condition: str, names: dict[str, Any]) -> bool:
    """Whether the indices in hand are meant; those that are not in hand may be."""
    try:
        return bool(eval(condition, FUNCTIONS, names))
    except NOT_KNOWN:
        return True


def bounded(found: Range, what: str) -> Range:
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        raise Skip(f"no bounds on {what}")
    return found
