"""A mechanism's settings: its dataclass fields, filled from data and checked by their types.

A field that is itself a dataclass takes settings of its own. `from_` is written `from` in data,
which is a word of Python's.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from projected_grpo.cli import Refusal


def settings_of(mechanism: type) -> dict[str, Field]:
    """The fields that a config may set, by name."""
    return {f.name.removesuffix("_"): f for f in fields(mechanism) if f.init}


def filled(mechanism: type, given: Mapping[str, Any], where: str) -> Any:
    """An instance; Refusal naming the key for one that is unknown, missing or of another type."""
    known = settings_of(mechanism)
    if unknown := sorted(set(given) - set(known)):
        raise Refusal(f"{where}.{unknown[0]} is unknown: choose from {', '.join(known)}")
    required = []
    for name, f in known.items():
        if f.default is MISSING and f.default_factory is MISSING:
            required.append(name)
    if missing := sorted(set(required) - set(given)):
        raise Refusal(f"{where}.{missing[0]} is missing: add it")
    hints = get_type_hints(mechanism)
    values = {}
    for key, value in given.items():
        name = known[key].name
        values[name] = fitted(value, hints[name], f"{where}.{key}")
    return mechanism(**values)


def fitted(value: Any, hint: Any, key: str) -> Any:
    """The value as its type has it: a list becomes a tuple, a whole number a float."""
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            choice = ", ".join(map(str, get_args(hint)))
            raise Refusal(f"{key}={value!r} is unknown: choose one of {choice}")
        return value
    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise Refusal(f"{key}={value!r}: expected settings, {', '.join(settings_of(hint))}")
        return filled(hint, value, key)
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise Refusal(f"{key}={value!r}: expected a list")
        items = get_args(hint)
        if items[-1] is Ellipsis:
            return tuple(fitted(item, items[0], key) for item in value)
        if len(items) != len(value):
            raise Refusal(f"{key}={value!r}: expected {len(items)} values")
        return tuple(fitted(item, part, key) for item, part in zip(value, items, strict=True))
    if isinstance(hint, UnionType):
        if value is None and type(None) in get_args(hint):
            return None
        return fitted(value, get_args(hint)[0], key)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise Refusal(f"{key}={value!r}: expected {hint.__name__}")
    return value
