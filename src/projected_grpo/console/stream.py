"""Where a command's own lines go, whatever stdout and stderr are meanwhile."""

import os
import sys
from collections.abc import Callable
from io import TextIOBase

from loguru import logger
from tqdm import tqdm

# In the environment of a process that is handed the console: its descriptor there.
DESCRIPTOR = "CONSOLE_OF_PROJECTED_GRPO"
CLEAR_LINE = "\r\x1b[K"
_own: list[TextIOBase] = []


def stream() -> TextIOBase:
    return _own[-1] if _own else sys.stdout


def of_bars() -> TextIOBase:
    """Where progress is shown: not among the results of a command that has no console."""
    return _own[-1] if _own else sys.stderr


def is_live() -> bool:
    """Whether somebody sees a bar move: at a terminal, not in a pipe, a file or CI."""
    return of_bars().isatty() and "CI" not in os.environ


def say(text: str = "") -> None:
    """A line, or several, for the user."""
    tqdm.write(text, file=stream())
    stream().flush()


def take(descriptor: int) -> Callable[[], None]:
    """Lines go there, and so do the package's own warnings, until the result is called."""
    own = open(descriptor, "w", encoding="utf-8")
    _own.append(own)
    sink = logger.add(_say_record, level="WARNING", format="{level}: {message}")

    def give_back() -> None:
        logger.remove(sink)
        _own.remove(own)
        own.close()

    return give_back


def _say_record(record: str) -> None:
    level, _, message = record.rstrip().partition(": ")
    say(f"{level.lower()}: {message}")


def handed_on() -> dict:
    """Arguments of subprocess.run by which a process of this command can attach."""
    if not _own:
        return {}
    descriptor = stream().fileno()
    environment = os.environ | {DESCRIPTOR: str(descriptor)}
    return {"pass_fds": (descriptor,), "env": environment}


def attach() -> bool:
    """Takes the console that the process was handed, if it was. Was it?"""
    # gone from the environment: those that this process starts do not have the descriptor
    descriptor = os.environ.pop(DESCRIPTOR, None)
    if descriptor:
        take(int(descriptor))
    return descriptor is not None
