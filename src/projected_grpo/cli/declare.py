"""How a command declares what it takes: a dataclass named Settings, a line of help a field.

    @cli.settings
    class Settings:
        run: str = argument("a run's name or path")
        n: int = option("samples of a prompt", 4, least=1)

A field is an int, float, bool, str, Path, a tuple of these (written with commas), or one of them or
None (written none). Without a default it must be given.
"""

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from math import inf
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

ONE = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}
SEVERAL = {int: "whole numbers", float: "numbers", str: "words", Path: "paths"}

settings = dataclass(frozen=True, kw_only=True)


def option(
    what: str,
    default: Any = MISSING,
    *,
    least: float | int = -inf,
    most: float | int = inf,
    choices: Sequence[str] = (),
    none: str = "none",
    place: str = "option",
) -> Any:
    """A field that is given as key=value. The limits hold for each item of a tuple.

    most: with least alone. none: the word for None. place: see argument and overrides.
    """
    about = dict(what=what, least=least, most=most, choices=tuple(choices), none=none, place=place)
    return field(default=default, metadata=about)


def argument(what: str, default: Any = MISSING, *, choices: Sequence[str] = ()) -> Any:
    """A field that is given by its place. One that is a tuple takes all words that are left."""
    return option(what, default, choices=choices, place="argument")


def overrides(what: str) -> Any:
    """A field, tuple[str, ...], that takes every key=value that no other field has."""
    return option(what, (), place="overrides")


@dataclass(frozen=True)
class Key:
    """A field of a command's settings. item: the type of a value, or of each of several.

    n: how many there must be, None for any number.
    """

    name: str
    default: Any
    item: type
    several: bool
    n: int | None
    optional: bool
    what: str
    least: float | int
    most: float | int
    choices: tuple[str, ...]
    none: str
    place: str

    @property
    def needed(self) -> bool:
        return self.default is MISSING

    @property
    def shown(self) -> str:
        """MODEL, out= or key=value, as usage and refusals have it."""
        names = {"argument": self.name.upper(), "option": f"{self.name}="}
        return names.get(self.place, "key=value")

    @property
    def kind(self) -> str:
        """What a value must be: a whole number, 1 or more; 2 numbers by commas, 0 to 1."""
        text = (SEVERAL if self.several else ONE)[self.item]
        if self.choices and self.item is str:
            text = f"{'any' if self.several else 'one'} of {', '.join(self.choices)}"
        if self.n:
            text = f"{self.n} {text}"
        if self.several and self.place == "option":
            text += " by commas"
        if self.most < inf:
            text += f", {self.least:g} to {self.most:g}"
        elif self.least > -inf:
            text += f", {self.least:g} or more"
        return f"{text}; or {self.none}" if self.optional else text


def keys(settings: type) -> list[Key]:
    """Those of a settings class, in the order in which they are declared."""
    hints = get_type_hints(settings)
    found = []
    for f in fields(settings):
        hint = hints[f.name]
        optional = NoneType in get_args(hint)
        if optional:
            hint = get_args(hint)[0]
        items = get_args(hint)
        n = len(items) if items and items[-1] is not Ellipsis else None
        item = items[0] if items else hint
        about = dict(f.metadata)
        if item is bool:
            about["choices"] = ("true", "false")
        found.append(Key(f.name, f.default, item, bool(items), n, optional, **about))
    return found
