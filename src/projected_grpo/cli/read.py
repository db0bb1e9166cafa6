"""Words of a command line -> the command's settings, checked by type before anything runs."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from projected_grpo.cli import page
from projected_grpo.cli.declare import Key, keys
from projected_grpo.cli.refusal import Refusal

T = TypeVar("T")


def read(settings: type[T], argv: Sequence[str]) -> T:
    """An instance of the dataclass `settings` (see `declare`).

    --help prints all that the command takes and exits with status 0; so does no word at all where
    something is needed, before the refusal. Raises Refusal for a key that nothing reads, a value
    that does not fit, and what is missing.
    """
    if "-h" in argv or "--help" in argv:
        print(page.text(settings))
        raise SystemExit(0)
    texts = given(settings, argv)
    if missing := [key.shown for key in keys(settings) if key.needed and key.name not in texts]:
        text = "" if argv else page.text(settings)
        if text:
            print(text, flush=True)
        line = f"{' and '.join(missing)} missing: expected {page.usage(settings)}"
        raise Refusal(line, text)
    values = {}
    for key in keys(settings):
        if key.name in texts:
            values[key.name] = fitted(settings, key, texts[key.name])
    return settings(**values)


def given(settings: type, argv: Sequence[str]) -> dict[str, str | list[str]]:
    """Text by name, of the fields that the words set; a list where the words stand alone."""
    placed: dict[str, list[Key]] = {"option": [], "argument": [], "overrides": []}
    for key in keys(settings):
        placed[key.place].append(key)
    options = [key.name for key in placed["option"]]
    free, others, texts = [], [], {}
    for word in argv:
        name, equals, text = word.partition("=")
        if equals and name in options:
            texts[name] = text
        elif equals and placed["overrides"]:
            others.append(word)
        # A path may hold "=", so only a plain word before it makes an argument a key.
        elif equals and name.isidentifier():
            close = get_close_matches(name, options)
            near = f"nearest are {', '.join(close)}" if close else "nothing is called nearly so"
            raise Refusal(f"unknown argument {name!r}: {near} (--help prints all keys)")
        else:
            free.append(word)
    for key in placed["argument"]:
        if free:
            take = len(free) if key.several else 1
            texts[key.name], free = free[:take], free[take:]
    if free:
        raise Refusal(f"unexpected argument {free[0]!r}: expected {page.usage(settings)}")
    if others:
        texts[placed["overrides"][0].name] = others
    return texts


def fitted(settings: type, key: Key, text: str | list[str]) -> Any:
    """The text as the field's type has it. An empty one stands for None, or for no items."""
    if key.optional and text in ("", key.none):
        return None
    if text == "" and key.default == ():
        return ()
    items = text
    if isinstance(text, str):
        items = text.split(",") if key.several else [text]
    values = converted(settings, key, items)
    if values is None:
        said = text if isinstance(text, str) else f" {' '.join(text)}"
        raise Refusal(f"{key.shown}{said}: expected {key.kind}")
    return values if key.several else values[0]


def converted(settings: type, key: Key, items: list[str]) -> tuple | None:
    """None where one of them does not fit."""
    if not all(items) or key.n not in (None, len(items)):
        return None
    if key.choices and not set(items) <= set(key.choices):
        return None
    value = items if key.several else items[0]
    try:
        value = OmegaConf.merge(OmegaConf.structured(settings), {key.name: value})[key.name]
    except OmegaConfBaseException:
        return None
    values = tuple(value) if key.several else (value,)
    if key.item in (int, float) and not all(key.least <= one <= key.most for one in values):
        return None
    return values
