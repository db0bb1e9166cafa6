"""Inputs near given ones: an element more or less, a number a little off, a letter changed."""

import random
from typing import Any

# How often a part is changed once more.
AGAIN = 0.4


def neighbour(rng: random.Random, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with a small change in one of them, or in a few. Not always a legal input."""
    changed = dict(arguments)
    while True:
        name = rng.choice(list(changed))
        changed[name] = near(rng, changed[name])
        if rng.random() > AGAIN:
            return changed


def resized(rng: random.Random, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with all their whole numbers made larger or smaller by one factor."""
    factor = 10 ** rng.uniform(-4, 6)
    return {name: scaled(value, factor) for name, value in arguments.items()}


def scaled(value: Any, factor: float) -> Any:
    match value:
        case bool() | float() | str():
            return value
        case list():
            return [scaled(item, factor) for item in value]
    return round(value * factor)


def near(rng: random.Random, value: Any) -> Any:
    """A value of the same type, near this one."""
    match value:
        case bool():
            return not value
        case int():
            return value + rng.choice([-2, -1, 1, 2, rng.randint(-9, 9), value])
        case float():
            return value + rng.choice([-1.0, -0.5, 0.5, 1.0])
        case str():
            return "".join(near_items(rng, list(value), near_letter))
        case list():
            return near_items(rng, list(value), near_item)
    return value


def near_item(rng: random.Random, item: Any) -> Any:
    """Of a list in a list one item is another: how many there are may have a meaning."""
    if not isinstance(item, list) or not item:
        return near(rng, item)
    items = list(item)
    place = rng.randrange(len(items))
    items[place] = near_item(rng, items[place])
    return items


def near_items(rng: random.Random, items: list, near_item) -> list:
    """A list with an item changed, moved, taken out, or there once more."""
    if not items:
        return items
    place = rng.randrange(len(items))
    other = rng.randrange(len(items))
    match rng.choice(["change", "change", "swap", "copy", "drop", "repeat"]):
        case "change":
            items[place] = near_item(rng, items[place])
        case "swap":
            items[place], items[other] = items[other], items[place]
        case "copy":
            items[place] = items[other]
        case "drop":
            del items[place]
        case "repeat":
            items.insert(other, items[place])
    return items


def near_letter(rng: random.Random, letter: str) -> str:
    """A letter or a digit beside this one; others stay."""
    beside = chr(ord(letter) + rng.choice([-1, 1]))
    return beside if letter.isalnum() and beside.isalnum() else letter
