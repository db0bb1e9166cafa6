"""What --help prints."""

import sys
from dataclasses import Field, fields
from typing import Any

from tabulate import tabulate

from projected_grpo.cli import declare

COLUMNS = ("", "type", "default", "")
WIDTHS = (None, 30, 30, 70)


def usage(settings: type) -> str:
    """What must be given, and that more may be: MODEL ROLLOUTS out=... [key=value ...]."""
    words = []
    for place in ("argument", "option"):
        for f in declare.placed(settings, place).values():
            word = declare.shown(f)
            if place == "option" or declare.is_list(settings, f.name):
                word += "..."
            if declare.is_needed(f):
                words.append(word)
            elif place == "argument":
                words.append(f"[{word}]")
    return " ".join([*words, "[key=value ...]"])


def text(settings: type) -> str:
    """The command's docstring, and every key with its type, default and one line."""
    about = sys.modules[settings.__module__].__doc__.strip()
    rows = []
    for f in sorted(fields(settings), key=place):
        default = "needed" if declare.is_needed(f) else plain(f.default, f.metadata["none"])
        rows.append((declare.shown(f), declare.kind(settings, f), default, f.metadata["what"]))
    table = tabulate(rows, COLUMNS, disable_numparse=True, maxcolwidths=WIDTHS)
    return f"{about}\n\nusage: {usage(settings)}\n\n{table}"


def place(f: Field) -> tuple[bool, bool]:
    """Words that stand alone first, then what is needed."""
    return f.metadata["place"] != "argument", not declare.is_needed(f)


def plain(value: Any, none: str) -> str:
    """A default as it would be written on the command line. none: the word for None."""
    if value is None or value == ():
        return none
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(plain(item, none) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
