"""Answers whose order is free, and numbers that need not be exact."""

from json import dumps
from typing import Any

from projected_grpo.problems.checkers.registry import anything, checker, items, list_of_lists

# What the sites allow, relative or absolute.
TOLERANCE = 1e-5


@checker(anything)
def equal(answer: Any, expected: Any, **_arguments: Any) -> bool:
    return answer == expected


@checker(items)
def any_order(answer: list, expected: list, **_arguments: Any) -> bool:
    """The same items, each as often. Their texts are sorted: 1 is not True, and nothing is
    hashed."""
    return len(answer) == len(expected) and texts(answer) == texts(expected)


@checker(list_of_lists)
def any_order_inside(answer: list, expected: list, **_arguments: Any) -> bool:
    """The same lists in the same order, the items of each in any."""
    return len(answer) == len(expected) and all(map(any_order, answer, expected))


@checker(list_of_lists)
def any_order_both(answer: list, expected: list, **_arguments: Any) -> bool:
    """The same lists in any order, the items of each in any."""
    if len(answer) != len(expected):
        return False
    return any_order(list(map(texts, answer)), list(map(texts, expected)))


def texts(values: list) -> list[str]:
    return sorted(map(dumps, values))


@checker(anything)
def close(answer: Any, expected: Any, **_arguments: Any) -> bool:
    """Every number within TOLERANCE of the expected one, anywhere in nested lists."""
    if isinstance(expected, list):
        same_length = isinstance(answer, list) and len(answer) == len(expected)
        return same_length and all(map(close, answer, expected))
    if not is_number(expected) or not is_number(answer):
        return False
    return abs(answer - expected) <= TOLERANCE * max(1, abs(expected))


def is_number(value: Any) -> bool:
    return type(value) in (int, float)
