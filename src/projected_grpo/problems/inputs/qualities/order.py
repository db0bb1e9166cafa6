"""Orders of lists: sorted, rotated, up and down, permutations, intervals apart."""

from typing import Any

from projected_grpo.problems.inputs.qualities.distinct import no_repeats
from projected_grpo.problems.inputs.qualities.quality import Quality, Tools, key


def in_order(strict: bool, descending: bool = False, column: int | None = None) -> Quality:
    """Sorted, by a column of rows where one is given."""

    def part(value: Any) -> Any:
        return value if column is None else value[column]

    def holds(values: Any, _: dict) -> bool:
        parts = [part(value) for value in values]
        if descending:
            parts.reverse()
        pairs = zip(parts, parts[1:])
        return all(a < b if strict else a <= b for a, b in pairs)

    def shape(values: Any, tools: Tools) -> Any:
        if strict:
            values = no_repeats(lambda v: key(part(v)), "").shape(values, tools)
        ordered = sorted(values, key=part, reverse=descending)
        return "".join(ordered) if isinstance(values, str) else ordered

    name = f"sorted{' strictly' * strict}{' descending' * descending}"
    return Quality(name, holds, shape, is_order=True)


def apart(strict: bool) -> Quality:
    """Intervals (the first two columns), each of which ends before the next one begins."""

    def holds(rows: list, _: dict) -> bool:
        pairs = zip(rows, rows[1:])
        return all(a[1] < b[0] if strict else a[1] <= b[0] for a, b in pairs)

    def shape(rows: list, tools: Tools) -> list:
        ends = sorted({end for row in rows for end in row[:2]})
        pairs = zip(ends[::2], ends[1::2])
        return [[*pair, *row[2:]] for pair, row in zip(pairs, rows)]

    return Quality("intervals apart", holds, shape, of="rows")


def no_overlap(rows: list, _: dict) -> bool:
    return apart(True).holds(sorted(rows), {})


def without_overlap(rows: list, tools: Tools) -> list:
    found = apart(True).shape(rows, tools)
    tools.rng.shuffle(found)
    return found


def permutation(low: int) -> Quality:
    """Every whole number from low to low + length - 1, once."""

    def shape(values: list, tools: Tools) -> list:
        numbers = list(range(low, low + len(values)))
        tools.rng.shuffle(numbers)
        return numbers

    def holds(values: list, _: dict) -> bool:
        return sorted(values) == list(range(low, low + len(values)))

    return Quality(f"a permutation from {low}", holds, shape, of="list", is_whole=True)


def rotated(strict: bool) -> Quality:
    """Sorted ascending, then rotated by any number of places."""

    def holds(values: list, _: dict) -> bool:
        n = len(values)
        if strict and len(set(values)) < n:
            return False
        drops = sum(values[i] > values[(i + 1) % n] for i in range(n))
        return drops <= 1

    def shape(values: list, tools: Tools) -> list:
        ordered = in_order(strict).shape(values, tools)
        place = tools.rng.randrange(len(ordered)) if ordered else 0
        return ordered[place:] + ordered[:place]

    return Quality("sorted and rotated", holds, shape, of="list", is_order=True)


def mountain_of(values: list) -> bool:
    """Strictly up, then strictly down, at least one step each."""
    top = values.index(max(values)) if values else 0
    up = all(a < b for a, b in zip(values[: top + 1], values[1 : top + 1]))
    down = all(a > b for a, b in zip(values[top:], values[top + 1 :]))
    return len(values) >= 3 and 0 < top < len(values) - 1 and up and down


def shaped_mountain(values: list, tools: Tools) -> list:
    ordered = in_order(True).shape(values, tools)
    place = tools.rng.randrange(1, max(2, len(ordered) - 1))
    left, top = ordered[:-1], ordered[-1:]
    tools.rng.shuffle(left)
    return sorted(left[:place]) + top + sorted(left[place:], reverse=True)


def columns_in_order(rows: list, _: dict) -> bool:
    return all(a <= b for row, below in zip(rows, rows[1:]) for a, b in zip(row, below))


def shaped_columns(rows: list, tools: Tools) -> list:
    """Sorting the columns of sorted rows leaves the rows sorted."""
    columns = [sorted(column) for column in zip(*rows)]
    return [list(row) for row in zip(*columns)]


def permuted_cells(low: int) -> Quality:
    """Every whole number from low on in some cell, once."""

    def numbers(rows: list) -> list[int]:
        return list(range(low, low + sum(map(len, rows))))

    def shape(rows: list, tools: Tools) -> list:
        left = numbers(rows)
        tools.rng.shuffle(left)
        return [[left.pop() for _ in row] for row in rows]

    def holds(rows: list, _: dict) -> bool:
        return sorted(cell for row in rows for cell in row) == numbers(rows)

    return Quality(f"cells from {low} on", holds, shape, of="rows", is_whole=True)


NO_OVERLAP = Quality("no two overlap", no_overlap, without_overlap, of="rows")
COLUMNS_IN_ORDER = Quality("columns sorted", columns_in_order, shaped_columns, of="rows")
MOUNTAIN = Quality("a mountain", lambda v, _: mountain_of(v), shaped_mountain, of="list")
