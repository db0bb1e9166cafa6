"""A quality of a list, a string or a number, with its check and its shape."""

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
    low: int | float = 0


@dataclass(frozen=True)
class Quality:
    """holds(value, names): whether a value has it. shape(value, tools): a value like it that has.

    characters, choices: what a string, or a value, is made of. of: which values may have it at
    all: "sequence" (a list or a string), "list", "rows", "str", "int", "leaf". is_whole: shape
    needs no value to begin with. is_order: shape moves elements at most. is_spread: few elements
    should be equal, so they are drawn all over their range.
    """

    name: str
    holds: Callable[[Any, dict[str, Any]], bool]
    shape: Callable[[Any, Tools], Any] | None = None
    characters: str = ""
    choices: tuple = ()
    of: str = "sequence"
    is_whole: bool = False
    is_order: bool = False
    is_spread: bool = False


def key(value: Any) -> Any:
    """A list as a tuple, which a set takes."""
    return tuple(map(key, value)) if isinstance(value, list) else value


def made_of(characters: str) -> Quality:
    """Each character of a string is one of these."""
    allowed = set(characters)
    return Quality(
        "consists of the characters",
        lambda v, _: set(v) <= allowed,
        characters=characters,
        of="leaf",
    )


def one_of(choices: tuple) -> Quality:
    return Quality("is one of the choices", lambda v, _: v in choices, choices=choices, of="leaf")
