"""Lines that say in which order elements stand."""

import re

from projected_grpo.problems.inputs.qualities.order import (
    COLUMNS_IN_ORDER,
    MOUNTAIN,
    NO_OVERLAP,
    in_order,
    permutation,
    permuted_cells,
    rotated,
)
from projected_grpo.problems.inputs.relations.expressions import Ref
from projected_grpo.problems.inputs.statement import NotUnderstood
from projected_grpo.problems.inputs.wordings.line import Line, S, on_subject
from projected_grpo.problems.inputs.wordings.subjects import only


def ordered(line: Line, match: re.Match) -> None:
    descending = match["order"].lower().startswith(("desc", "decr", "non-incr"))
    by = match.groupdict().get("by")
    for ref in line.refs(match["s"]):
        column = None
        if by is not None:
            column = column_of(line, by, ref.name)
        elif ref.indices and isinstance(ref.indices[-1], int):
            column = ref.indices[-1]
            ref = Ref(ref.name, ref.indices[:-2])
        if column is None and line.levels_left(ref) > 1:
            raise NotUnderstood
        line.rule(ref, in_order(match["strict"] is not None, descending, column))


def column_of(line: Line, member: str, name: str) -> int:
    for parameter, column in line.statement.columns.get(member, ()):
        if parameter == name:
            return column
    raise NotUnderstood


def rows_and_columns(line: Line, match: re.Match) -> None:
    name = only(line.statement, 2)
    if "row" in match["what"]:
        line.rule(Ref(name, ("i",)), in_order(False))
    if "column" in match["what"]:
        line.rule(Ref(name), COLUMNS_IN_ORDER)


def permuted(line: Line, match: re.Match) -> None:
    """From 0 or from 1: as the line says, else as the bounds of its elements have it."""
    for ref in line.refs(match["s"]):
        lows = {match["low"]} if match["low"] else lows_of(line, ref)
        if len(lows) != 1:
            raise NotUnderstood
        line.rule(ref, permutation(int(lows.pop())))


def lows_of(line: Line, ref: Ref) -> set[str]:
    element = Ref(ref.name, (*ref.indices, "i"))
    below = {c.left.source for c in line.before.comparisons if c.right.ref == element}
    return below & {"0", "1"}


ORDER = (
    r"(?P<strict>strictly )?"
    r"(?P<order>increasing|ascending|decreasing|descending|non-decreasing|non-increasing)"
)
WORDINGS = (
    (rf"{S} is (?:sorted )?(?:in )?(?:a )?{ORDER}(?: order| array)?", ordered),
    (rf"{S} is sorted by (?P<by>\w+) in {ORDER} order", ordered),
    (
        r"(?:integers in each )?(?P<what>row|column|rows and columns)(?: of matrix)? is sorted in "
        r"(?:ascending|non-decreasing) order",
        rows_and_columns,
    ),
    (
        rf"{S} is (?:a )?permutations?"
        r"(?: of (?:n integers|(?:the integers in the range )?\[?(?P<low>[01])(?:,| to) .*))?",
        permuted,
    ),
    (rf"{S} consists of unique integers from 0 to .+", on_subject(permuted_cells(0))),
    (rf"{S} is sorted and rotated between 1 and n times", on_subject(rotated(False))),
    (
        rf"{S} is (?:an ascending array that is possibly rotated|rotated at some pivot)",
        on_subject(rotated(False)),
    ),
    (rf"{S} is a mountain array", on_subject(MOUNTAIN)),
    (rf"{S} is non-overlapping", on_subject(NO_OVERLAP)),
)
