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
    all: "sequence" (a list or a string), "list", "rows", "str", "int", "leaf". is_whole: shape
    needs no value to begin with.
    """

    name: str
    holds: Callable[[Any, dict[str, Any]], bool]
    shape: Callable[[Any, Tools], Any] | None = None
    characters: str = ""
    choices: tuple = ()
    of: str = "sequence"
    is_whole: bool = False


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
        left = 3 * len(values) + 30
        for value in values:
            while left and identity(value) in seen:
                value = tools.again()
                left -= 1
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


DISTINCT_CELLS = Quality("cells distinct", cells_differ, different_cells, of="rows")
# Edges without a direction; what follows the two ends is no part of which edge it is.
DISTINCT_EDGES = no_repeats(lambda edge: unordered(edge[:2]), "no repeated edges")
DISTINCT_ARCS = no_repeats(lambda edge: key(edge[:2]), "no repeated directed edges")


def distinct_by(column: int) -> Quality:
    return no_repeats(lambda row: key(row[column]), f"distinct in column {column}")


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


def no_cells_equal(rows: list, _: dict) -> bool:
    beside = all(no_neighbours_equal(row, {}) for row in rows)
    return beside and all(no_neighbours_equal(column, {}) for column in zip(*rows))


NO_EQUAL_CELLS = Quality("no equal cells side by side", no_cells_equal, of="rows")
RECTANGULAR_WORDS = Quality("of one length", is_rectangular, trimmed, of="list")


def prime_below(value: int, tools: Tools) -> int:
    return next((p for p in range(value, 2, -1) if is_prime(p, {})), 2)


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
