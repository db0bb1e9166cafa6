"""Quantities of a statement, "grid[i].length", "n * (n - 1) / 2", as Python over the arguments.

An index that is no parameter (i, j, ...) stands for every index that there is.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any

FUNCTIONS = {
    "min": min,
    "max": max,
    "sum": sum,
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "factorial": math.factorial,
    "len": len,
    "range": range,
    "set": set,
    "sorted": sorted,
    "all": all,
    "any": any,
    "enumerate": enumerate,
    "int": int,
}
# Of what is not drawn yet, is too short, or has a 0 to divide by.
NOT_KNOWN = (NameError, IndexError, ZeroDivisionError)


@dataclass(frozen=True)
class Ref:
    """A parameter, indexed by names of indices and by numbers; is_length: how long that is.

    "i + 1" as an index is the next one's.
    """

    name: str
    indices: tuple[str | int, ...] = ()
    is_length: bool = False


@dataclass(frozen=True)
class Expression:
    """source: Python. loops: (index, what it indexes). guards: conditions for indices to exist.

    names: the parameters and sizes (n, m) in it. ref: what it is, where it is nothing but that.
    """

    source: str
    loops: tuple[tuple[str, str], ...]
    guards: tuple[str, ...]
    names: frozenset[str]
    ref: Ref | None
    # Indices that stand for themselves, as in nums[i] <= i.
    bare: frozenset[str] = frozenset()

    @cached_property
    def code(self) -> CodeType:
        return compile(self.source, "constraint", "eval")

    def at(self, names: dict[str, Any]) -> Any:
        """Its value where every index in it has one. Raises one of NOT_KNOWN otherwise."""
        # What is inside a generator sees globals only.
        if " for " in self.source:
            return eval(self.code, {**FUNCTIONS, **names})
        return eval(self.code, FUNCTIONS, names)


def quantified(source: str, *parts: Expression) -> CodeType:
    """The code of a list: source for all indices in the parts, a tuple of indices before each."""
    loops: dict[str, str] = {}
    for part in parts:
        for index, container in part.loops:
            loops.setdefault(index, container)
    guards = [guard for part in parts for guard in part.guards]
    words = [f"for {index} in range(len({container}))" for index, container in loops.items()]
    condition = f" if {' and '.join(guards)}" if guards else ""
    body = f"[{source} {' '.join(words)}{condition}]" if words else f"[{source}]"
    if guards and not words:
        body = f"[{source}] if {' and '.join(guards)} else []"
    return compile(body, "constraint", "eval")


def all_values(code: CodeType, names: dict[str, Any]) -> list:
    # A comprehension's inner parts see globals only.
    return eval(code, {**FUNCTIONS, **names})
