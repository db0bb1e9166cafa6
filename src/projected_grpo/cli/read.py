"""Words of a command line -> the command's settings, checked by type before anything runs."""

from collections.abc import Sequence
from dataclasses import Field, fields
from difflib import get_close_matches
from typing import Any, TypeVar

from omegaconf import ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from projected_grpo.cli import declare, page
from projected_grpo.cli.refusal import Refusal

T = TypeVar("T")
HELP = {"-h", "--help"}


def read(settings: type[T], argv: Sequence[str]) -> T:
    """An instance of the dataclass `settings` (see `declare`).

    --help prints all that the command takes and exits with status 0; so does no word at all where
    something is needed, before the refusal. Raises Refusal for a key that nothing reads, a value
    that does not fit, and what is missing.
    """
    if HELP & set(argv):
        print(page.text(settings))
        raise SystemExit(0)
    texts = given(settings, argv)
    missing = [f for f in fields(settings) if declare.is_needed(f) and f.name not in texts]
    if missing and not argv:
        print(page.text(settings), flush=True)
    if missing:
        names = " and ".join(map(declare.shown, missing))
        raise Refusal(f"{names} missing: expected {page.usage(settings)}")
    values = {}
    for f in fields(settings):
        if f.name in texts:
            values[f.name] = fitted(settings, f, texts[f.name])
    return settings(**values)


def given(settings: type, argv: Sequence[str]) -> dict[str, str | list[str]]:
    """Text by name, of the fields that the words set; a list where the words stand alone."""
    options = declare.placed(settings, "option")
    others = declare.placed(settings, "overrides")
    free, texts, rest = [], {}, []
    for word in argv:
        key, equals, text = word.partition("=")
        if equals and key in options:
            texts[key] = text
        elif equals and others:
            rest.append(word)
        elif word.startswith("-"):
            raise Refusal(f"{word}: give key=value, or --help alone")
        # A path may hold "=", so only a plain word before it makes an argument a key.
        elif equals and key.isidentifier():
            raise Refusal(f"unknown argument {key!r}: {nearest(key, settings)}")
        else:
            free.append(word)
    for f in declare.placed(settings, "argument").values():
        if free:
            take = len(free) if declare.is_list(settings, f.name) else 1
            texts[f.name], free = free[:take], free[take:]
    if free:
        raise Refusal(f"unexpected argument {free[0]!r}: expected {page.usage(settings)}")
    return texts | {name: rest for name in others if rest}


def nearest(key: str, settings: type) -> str:
    """Of the known keys those that look most like this one, all where none does."""
    known = list(declare.placed(settings, "option"))
    if close := get_close_matches(key, known):
        return f"nearest are {', '.join(f'{name}=' for name in close)} (--help prints all)"
    return f"known are {', '.join(f'{name}=' for name in known) or 'none'}"


def fitted(settings: type, f: Field, text: str | list[str]) -> Any:
    """The text as the field's type has it. An empty one stands for None, or for no items."""
    if declare.is_optional(settings, f.name) and text in ("", f.metadata["none"]):
        return None
    if text == "" and f.default == ():
        return ()
    several = declare.is_list(settings, f.name)
    if isinstance(text, list):
        items = text
    else:
        items = text.split(",") if several else [text]
    values = converted(settings, f, items)
    if values is None:
        said = text if isinstance(text, str) else f" {' '.join(text)}"
        raise Refusal(f"{declare.shown(f)}{said}: expected {declare.kind(settings, f)}")
    return values if several else values[0]


def converted(settings: type, f: Field, items: list[str]) -> tuple | None:
    """None where one of them does not fit."""
    choices = declare.choices(settings, f)
    if not all(items) or (choices and not set(items) <= set(choices)):
        return None
    if declare.length(settings, f.name) not in (None, len(items)):
        return None
    schema = OmegaConf.structured(settings)
    value = items if declare.is_list(settings, f.name) else items[0]
    try:
        value = OmegaConf.merge(schema, {f.name: value})[f.name]
    except OmegaConfBaseException:
        return None
    values = tuple(value) if isinstance(value, ListConfig) else (value,)
    least, most = f.metadata["least"], f.metadata["most"]
    if least is not None and not all(one >= least for one in values):
        return None
    if most is not None and not all(one <= most for one in values):
        return None
    return values
