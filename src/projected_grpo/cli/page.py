"""What --help prints."""

import sys
from typing import Any

from tabulate import tabulate

from projected_grpo.cli.declare import Key, keys

COLUMNS = ("", "type", "default", "")
WIDTHS = (None, 30, 30, 70)


def usage(settings: type) -> str:
    """What must be given, and that more may be: MODEL ROLLOUTS out=... [key=value ...]."""
    words = []
    for key in sorted(keys(settings), key=place):
        word = key.shown + ("..." if key.several or key.place == "option" else "")
        if key.needed:
            words.append(word)
        elif key.place == "argument":
            words.append(f"[{word}]")
    return " ".join([*words, "[key=value ...]"])


def text(settings: type) -> str:
    """The command's docstring, and every key with its type, default and one line."""
    about = sys.modules[settings.__module__].__doc__.strip()
    rows = []
    for key in sorted(keys(settings), key=place):
        default = "needed" if key.needed else as_text(key.default, key.none)
        rows.append((key.shown, key.kind, default, key.what))
    table = tabulate(rows, COLUMNS, disable_numparse=True, maxcolwidths=WIDTHS)
    return f"{about}\n\nusage: {usage(settings)}\n\n{table}"


def place(key: Key) -> tuple[bool, bool]:
    """Words that stand alone first, then what is needed."""
    return key.place != "argument", not key.needed


def as_text(value: Any, none: str = "none") -> str:
    """A value as it is written on the command line. none: the word for None."""
    if value is None or value == ():
        return none
    if isinstance(value, tuple):
        return ",".join(as_text(item, none) for item in value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else str(value)
