"""The named checkers, and what each may be given.

A checker is a function (answer, expected, **arguments) -> bool, the arguments by the names that the
statement gives them. It sees an answer only in the shape that it declares, and it looks at nothing
longer than what is expected: a hostile answer is wrong, never slow, and raises nothing.
"""

from collections.abc import Callable
from typing import Any

CHECKERS: dict[str, Callable[..., bool]] = {}


def whole(value: Any) -> bool:
    """An int, which a bool is not."""
    return type(value) is int


def text(value: Any) -> bool:
    return isinstance(value, str)


def items(value: Any) -> bool:
    return isinstance(value, list)


def whole_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(whole, value))


def text_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(text, value))


def whole_rows(value: Any) -> bool:
    """Rows of ints, of any lengths."""
    return isinstance(value, list) and all(map(whole_list, value))


def list_of_lists(value: Any) -> bool:
    return isinstance(value, list) and all(map(items, value))


def anything(value: Any) -> bool:
    return True


def checker(shape: Callable[[Any], bool], impossible: Any = None) -> Callable:
    """Enter a function under its name.

    shape: what an answer must be before the function sees it. impossible: the one answer that is
    right where it is expected ("" for no such string).
    """

    def enter(function: Callable[..., bool]) -> Callable[..., bool]:
        def check(answer: Any, expected: Any, arguments: dict[str, Any]) -> bool:
            if not shape(answer) or not shape(expected):
                return False
            if impossible is not None and expected == impossible:
                return answer == expected
            return function(answer, expected, **arguments)

        CHECKERS[function.__name__] = check
        return function

    return enter
