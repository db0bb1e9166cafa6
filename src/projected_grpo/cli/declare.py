"""How a command declares what it takes: a dataclass named Settings, a line of help a field.

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        run: str = argument("a run's name or path")
        n: int = option("samples of a prompt", 4, least=1)

A field is an int, float, bool, str, Path, a tuple of these (written with commas), or one of them or
None (written none). Without a default it must be given.
"""

from collections.abc import Sequence
from dataclasses import MISSING, Field, field, fields
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

ONE = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}
SEVERAL = {int: "whole numbers", float: "numbers", str: "words", Path: "paths"}


def option(
    what: str,
    default: Any = MISSING,
    *,
    least: int | float | None = None,
    most: int | float | None = None,
    choices: Sequence[str] = (),
    none: str = "none",
) -> Any:
    """A field that is given as key=value. The limits hold for each item of a tuple.

    most: with least alone. none: the word for None.
    """
    limits = {"least": least, "most": most, "choices": tuple(choices), "none": none}
    return field(default=default, metadata={"place": "option", "what": what, **limits})


def argument(what: str, default: Any = MISSING, *, choices: Sequence[str] = ()) -> Any:
    """A field that is given by its place. One that is a tuple takes all words that are left."""
    made = option(what, default, choices=choices)
    return field(default=default, metadata={**made.metadata, "place": "argument"})


def overrides(what: str) -> Any:
    """A field, tuple[str, ...], that takes every key=value that no other field has."""
    return field(default=(), metadata={**option(what).metadata, "place": "overrides"})


def placed(settings: type, place: str) -> dict[str, Field]:
    """The fields of this place, by name."""
    return {f.name: f for f in fields(settings) if f.metadata["place"] == place}


def shown(f: Field) -> str:
    """MODEL, out= or key=value ..., as usage and refusals have it."""
    names = {"argument": f.name.upper(), "option": f"{f.name}=", "overrides": "key=value ..."}
    return names[f.metadata["place"]]


def is_needed(f: Field) -> bool:
    return f.default is MISSING


def is_optional(settings: type, name: str) -> bool:
    return NoneType in get_args(get_type_hints(settings)[name])


def bare_type(settings: type, name: str) -> Any:
    """The field's type without `| None`."""
    hint = get_type_hints(settings)[name]
    if not is_optional(settings, name):
        return hint
    (alone,) = [part for part in get_args(hint) if part is not NoneType]
    return alone


def is_list(settings: type, name: str) -> bool:
    return get_origin(bare_type(settings, name)) is tuple


def length(settings: type, name: str) -> int | None:
    """Items of a tuple of fixed length, None for any other field."""
    items = get_args(bare_type(settings, name))
    return len(items) if items and items[-1] is not Ellipsis else None


def choices(settings: type, f: Field) -> tuple[str, ...]:
    """The words of which a value is one; none where any will do."""
    is_bool = bare_type(settings, f.name) is bool
    return ("true", "false") if is_bool else f.metadata["choices"]


def kind(settings: type, f: Field) -> str:
    """What a value must be: a whole number, 1 or more; 2 numbers by commas, 0 to 1."""
    hint = bare_type(settings, f.name)
    several = is_list(settings, f.name)
    text = SEVERAL[get_args(hint)[0]] if several else ONE[hint]
    if words := f.metadata["choices"]:
        text = f"{'any' if several else 'one'} of {', '.join(words)}"
    if n := length(settings, f.name):
        text = f"{n} {text}"
    if several and f.metadata["place"] == "option":
        text += " by commas"
    least, most = f.metadata["least"], f.metadata["most"]
    if most is not None:
        text += f", {least:g} to {most:g}"
    elif least is not None:
        text += f", {least:g} or more"
    return f"{text}; or {f.metadata['none']}" if is_optional(settings, f.name) else text
