"""Wordings that need more than a quality of what they name: counts, members, frequencies."""

import math
import re
from collections.abc import Callable

from projected_grpo.problems.inputs import counts, graphs, orders, qualities
from projected_grpo.problems.inputs.expressions import Ref
from projected_grpo.problems.inputs.line import Line
from projected_grpo.problems.inputs.links import Relation
from projected_grpo.problems.inputs.phrases import choices_of
from projected_grpo.problems.inputs.qualities import Quality
from projected_grpo.problems.inputs.relations import commas
from projected_grpo.problems.inputs.subjects import only, refs
from projected_grpo.problems.solution_source import Skip

Action = Callable[[Line, re.Match], None]


def linked(relation: Relation) -> Action:
    def read(line: Line, match: re.Match) -> None:
        line.link(match["s"], relation, match["o"])

    return read


def linked_both_ways(relation: Relation) -> Action:
    """Of "A and B have ...": the second to the first."""

    def read(line: Line, match: re.Match) -> None:
        line.link(match["o"], relation, match["s"])

    return read


def times(low: int, high: int | float) -> Action:
    """There is at least one 0 in mat: of its leaves."""

    def read(line: Line, match: re.Match) -> None:
        groups = match.groupdict()
        least = int(groups["low"]) if groups.get("low") else low
        most = int(groups["high"]) if groups.get("high") else high
        for ref in refs(match["s"], line.reader):
            leaf = line.reader.statement.types[ref.name].leaf
            (element,) = choices_of(match["what"], leaf)
            line.rule(ref, counts.times(element, least, most))

    return read


def permutation(line: Line, match: re.Match) -> None:
    """From 0 or from 1: as the bounds of its elements have it."""
    for ref in refs(match["s"], line.reader):
        lows = set()
        for c in line.reading.comparisons:
            if c.right.ref == Ref(ref.name, (*ref.indices, "i")) and c.left.source in ("0", "1"):
                lows.add(int(c.left.source))
        if len(lows) != 1:
            raise Skip("constraint not understood")
        line.rule(ref, orders.permutation(lows.pop()))


def parity(line: Line, match: re.Match) -> None:
    """Of a list's elements a quality, which can be drawn; of a length or a number a relation."""
    is_even = match["parity"].lower() == "even"
    for part in commas(match["s"]):
        part = re.sub(r"^both ", "", part, flags=re.IGNORECASE)
        for expression in line.reader.read(part):
            ref = expression.ref
            if ref is not None and ref.indices and not ref.is_length:
                line.rule(ref, qualities.EVEN if is_even else qualities.ODD)
            else:
                line.compare(f"{part} % 2 == {0 if is_even else 1}")


def on_all_of_lists(quality: Quality) -> Action:
    """Of "each row" or "the grid": the only list of lists, or the only list."""

    def read(line: Line, _: re.Match) -> None:
        try:
            name = only(line.reader.statement, 2)
        except Skip:
            name = only(line.reader.statement, 1)
        line.rule(Ref(name), quality)

    return read


def rows_in_order(line: Line, match: re.Match) -> None:
    """Each row sorted, each column sorted."""
    name = only(line.reader.statement, 2)
    if "row" in line.text:
        line.rule(Ref(name, ("i",)), orders.in_order(False))
    if "column" in line.text:
        line.rule(Ref(name), orders.COLUMNS_IN_ORDER)


def neighbours(line: Line, match: re.Match) -> None:
    """graph[i] does not contain i; with it goes that edges are there both ways."""
    name = match["s"].split("[")[0]
    if name not in line.reader.statement.types:
        raise Skip("constraint not understood")
    line.rule(Ref(name), graphs.NEIGHBOURS)


def connected_neighbours(line: Line, match: re.Match) -> None:
    if "graph" not in line.reader.statement.types:
        raise Skip("constraint not understood")
    line.rule(Ref("graph"), graphs.CONNECTED_NEIGHBOURS)


def tree(line: Line, match: re.Match) -> None:
    """Of edges, or of each node's parent."""
    for ref in refs(match["s"], line.reader):
        is_edges = line.reader.statement.types[ref.name].depth == 2
        line.rule(ref, graphs.TREE if is_edges else graphs.PARENTS)


def zeros_and_ones(line: Line, match: re.Match) -> None:
    """Of lists of numbers; of strings it says which characters."""
    for ref in refs(match["s"], line.reader):
        kind = line.reader.statement.types[ref.name]
        if kind.leaf != "int" or ref.indices:
            raise Skip("constraint not understood")
        line.rule(Ref(ref.name, tuple("ijk"[: kind.depth])), qualities.one_of((0, 1)))


def without(line: Line, match: re.Match) -> None:
    for ref in refs(match["s"], line.reader):
        leaf = line.reader.statement.types[ref.name].leaf
        (element,) = choices_of(match["what"], leaf)
        line.rule(ref, counts.no_element(element))


def frequency(often: int, rest: int) -> Action:
    def read(line: Line, match: re.Match) -> None:
        name = match.groupdict().get("s")
        if name not in line.reader.statement.types:
            name = only(line.reader.statement, 1)
        line.rule(Ref(name), counts.each_but(often, rest))

    return read


ANY_TIMES = math.inf
