"""What a list, a string or a number is beyond its range: distinct, sorted, a permutation, ..."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Reject(Exception):
    """An input that was drawn so far and cannot be finished."""


@dataclass
class Tools:
    """names: what is drawn by now. again: one more element of the list in hand. low: of a leaf."""

    rng: random.Random
    names: dict[str, Any]
    again: Callable[[], Any]
    low: int | float | None = None


@dataclass(frozen=True)
class Quality:
    """holds(value, names): whether a value has it. shape(value, tools): a value like it that has.

    characters, choices: what a string, or a value, is made of. of: which values may have it at
    all, one of "sequence" (a list or a string), "list", "rows", "str", "int", "leaf".
    """

    name: str
    holds: Callable[[Any, dict[str, Any]], bool]
    shape: Callable[[Any, Tools], Any] | None = None
    characters: str = ""
    choices: tuple = ()
    of: str = "sequence"


def key(value: Any) -> Any:
    """A list as a tuple, which a set takes."""
    return tuple(map(key, value)) if isinstance(value, list) else value


def unordered(value: Any) -> Any:
    return tuple(sorted(value))


def made_of(characters: str) -> Quality:
    allowed = set(characters)
    return Quality(
        "consists of the characters",
        lambda v, _: set(v) <= allowed,
        characters=characters,
        of="leaf",
    )


def one_of(choices: tuple) -> Quality:
    return Quality("is one of the choices", lambda v, _: v in choices, choices=choices, of="leaf")


def no_repeats(identity: Callable[[Any], Any], name: str) -> Quality:
    """No two elements are the same one by their identity."""

    def holds(values: Any, _: dict) -> bool:
        keys = [identity(value) for value in values]
        return len(set(keys)) == len(keys)

    def shape(values: Any, tools: Tools) -> Any:
        seen = set()
        kept = []
        for value in values:
            for _ in range(30):
                if identity(value) not in seen:
                    break
                value = tools.again()
            if identity(value) not in seen:
                seen.add(identity(value))
                kept.append(value)
        return "".join(kept) if isinstance(values, str) else kept

    return Quality(name, holds, shape)


DISTINCT = no_repeats(key, "all distinct")


def cells_differ(rows: list, _: dict) -> bool:
    cells = [cell for row in rows for cell in row]
    return len(set(cells)) == len(cells)


def different_cells(rows: list, tools: Tools) -> list:
    """Equal cells become numbers about as large that are not there yet."""
    seen: set = set()
    free = tools.low or 0
    for row in rows:
        for place, cell in enumerate(row):
            while cell in seen:
                free += 1
                cell = free if free not in seen else cell
            row[place] = cell
            seen.add(cell)
    return rows


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

    return Quality(f"cells from {low} on", holds, shape, of="rows")


DISTINCT_CELLS = Quality("cells distinct", cells_differ, different_cells, of="rows")
# Edges without a direction; what follows the two ends is no part of which edge it is.
DISTINCT_EDGES = no_repeats(lambda edge: unordered(edge[:2]), "no repeated edges")
DISTINCT_ARCS = no_repeats(lambda edge: key(edge[:2]), "no repeated directed edges")


def distinct_by(column: int) -> Quality:
    return no_repeats(lambda row: key(row[column]), f"distinct in column {column}")


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

    return Quality(f"sorted{' strictly' * strict}{' descending' * descending}", holds, shape)


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


NO_OVERLAP = Quality("no two overlap", no_overlap, without_overlap, of="rows")


def permutation(low: int) -> Quality:
    """Every whole number from low to low + length - 1, once."""

    def shape(values: list, tools: Tools) -> list:
        numbers = list(range(low, low + len(values)))
        tools.rng.shuffle(numbers)
        return numbers

    def holds(values: list, _: dict) -> bool:
        return sorted(values) == list(range(low, low + len(values)))

    return Quality(f"a permutation from {low}", holds, shape, of="list")


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

    return Quality("sorted and rotated", holds, shape, of="list")


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


def no_neighbours_equal(values: Any, _: dict) -> bool:
    return all(a != b for a, b in zip(values, values[1:]))


def shaped_without_equal_neighbours(values: Any, tools: Tools) -> Any:
    kept = []
    for value in values:
        while kept and value == kept[-1]:
            value = tools.again()
        kept.append(value)
    return kept


def square(values: list, tools: Tools) -> list:
    n = min(len(values), *map(len, values))
    return [row[:n] for row in values[:n]]


def is_square(values: list, _: dict) -> bool:
    return all(len(row) == len(values) for row in values)


def is_rectangular(values: list, _: dict) -> bool:
    return len({len(row) for row in values}) <= 1


def trimmed(values: list, tools: Tools) -> list:
    width = min(map(len, values), default=0)
    return [row[:width] for row in values]


def power_of_two(value: int, _: dict) -> bool:
    return value > 0 and value & (value - 1) == 0


def is_prime(value: int, _: dict) -> bool:
    return value > 1 and all(value % d for d in range(2, int(value**0.5) + 1))


def columns_in_order(rows: list, _: dict) -> bool:
    return all(a <= b for row, below in zip(rows, rows[1:]) for a, b in zip(row, below))


def shaped_columns(rows: list, tools: Tools) -> list:
    """Sorting the columns of sorted rows leaves the rows sorted."""
    columns = [sorted(column) for column in zip(*rows)]
    return [list(row) for row in zip(*columns)]


def no_cells_equal(rows: list, _: dict) -> bool:
    beside = all(no_neighbours_equal(row, {}) for row in rows)
    return beside and all(no_neighbours_equal(column, {}) for column in zip(*rows))


NO_EQUAL_CELLS = Quality("no equal cells side by side", no_cells_equal, of="rows")
RECTANGULAR_WORDS = Quality("of one length", is_rectangular, trimmed, of="list")
COLUMNS_IN_ORDER = Quality("columns sorted", columns_in_order, shaped_columns, of="rows")


def prime_below(value: int, tools: Tools) -> int:
    return next((p for p in range(value, 2, -1) if is_prime(p, {})), 2)


MOUNTAIN = Quality("a mountain", lambda v, _: mountain_of(v), shaped_mountain, of="list")
NO_EQUAL_NEIGHBOURS = Quality(
    "no two equal neighbours", no_neighbours_equal, shaped_without_equal_neighbours
)
SQUARE = Quality("a square", is_square, square, of="rows")
RECTANGULAR = Quality("rows of one length", is_rectangular, trimmed, of="rows")
POWER_OF_TWO = Quality(
    "a power of two",
    power_of_two,
    lambda v, _: 1 << max(0, v.bit_length() - 1),
    of="int",
)
PRIME = Quality("a prime", is_prime, prime_below, of="int")
EVEN = Quality("even", lambda v, _: v % 2 == 0, lambda v, _: v - v % 2, of="int")
ODD = Quality("odd", lambda v, _: v % 2 == 1, lambda v, _: v - 1 + v % 2, of="int")
