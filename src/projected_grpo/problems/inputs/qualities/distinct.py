"""What does not repeat itself: elements, rows by some columns, cells, edges."""

from collections.abc import Callable
from typing import Any

from projected_grpo.problems.inputs.qualities.quality import Quality, Tools, key


def no_repeats(identity: Callable[[Any], Any], name: str, is_spread: bool = True) -> Quality:
    """No two elements are the same one by their identity."""

    def holds(values: Any, _: dict) -> bool:
        keys = [identity(value) for value in values]
        return len(set(keys)) == len(keys)

    def shape(values: Any, tools: Tools) -> Any:
        seen = set()
        kept = []
        left = 3 * len(values) + 30
        for value in values:
            while left and identity(value) in seen:
                value = tools.again()
                left -= 1
            if identity(value) not in seen:
                seen.add(identity(value))
                kept.append(value)
        return "".join(kept) if isinstance(values, str) else kept

    return Quality(name, holds, shape, is_spread=is_spread)


def distinct_by(column: int) -> Quality:
    return no_repeats(lambda row: key(row[column]), f"distinct in column {column}", False)


def distinct_by_all(columns: list[int]) -> Quality:
    return no_repeats(lambda row: tuple(key(row[c]) for c in columns), "rows distinct")


def cells_differ(rows: list, _: dict) -> bool:
    cells = [cell for row in rows for cell in row]
    return len(set(cells)) == len(cells)


def different_cells(rows: list, tools: Tools) -> list:
    """Equal cells become numbers about as large that are not there yet."""
    seen: set = set()
    free = tools.low
    for row in rows:
        for place, cell in enumerate(row):
            while cell in seen:
                free += 1
                cell = free if free not in seen else cell
            row[place] = cell
            seen.add(cell)
    return rows


DISTINCT = no_repeats(key, "all distinct")
DISTINCT_CELLS = Quality("cells distinct", cells_differ, different_cells, of="rows", is_spread=True)
# Edges without a direction; what follows the two ends is no part of which edge it is.
DISTINCT_EDGES = no_repeats(lambda edge: tuple(sorted(edge[:2])), "no repeated edges")
DISTINCT_ARCS = no_repeats(lambda edge: key(edge[:2]), "no repeated directed edges")
