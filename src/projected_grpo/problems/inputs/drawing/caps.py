"""How long lists are drawn at most, so that an input stays small enough to keep."""

from typing import Any

from projected_grpo.problems.inputs.relations.expressions import Ref

LIST = 1000
TEXT = 1000
# Of a list of lists or strings that may be long themselves: cells are up to the square.
ROWS = 40
CUBE = 10
NODES = 300
NARROW = 6


def cap_of(name: str, plan: Any) -> int:
    """Of a parameter's length, or of a size by all the lengths that are equal to it."""
    types = plan.statement.types
    if name in types and types[name].levels:
        return cap_of_list(name, plan)
    caps = [NODES]
    for c in plan.comparisons:
        for one, other in c.sides:
            if one.ref is None or not one.ref.is_length or name not in other.names:
                continue
            caps.append(ROWS if one.ref.indices else cap_of_list(one.ref.name, plan))
    return min(caps)


def cap_of_list(name: str, plan: Any) -> int:
    kind = plan.statement.types[name]
    if kind.levels == 1:
        return TEXT if kind.depth == 0 else LIST
    if kind.levels > 2 and not (
        kind.depth == 2 and kind.leaf == "str" and row_width(name, plan) == 1
    ):
        return CUBE
    return LIST // 3 if row_width(name, plan) <= NARROW else ROWS


def row_width(name: str, plan: Any) -> int | float:
    """The most elements that a row may have."""
    return plan.limits.of(Ref(name, ("i",), True), {}).high
