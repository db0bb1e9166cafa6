"""Locks that end with the process that holds them, and name it: the kernel's record locks.

A process loses its locks of a file when it closes the file anywhere, and children have none.
"""

import fcntl
import struct
from pathlib import Path
from typing import IO

# Linux's struct flock: type, whence, start, length, process.
FLOCK = "hhqqi0q"


def take(file: IO, start: int = 0, length: int = 0) -> bool:
    """Whether these bytes of an open file are now locked for this process; length 0: all."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
    except BlockingIOError:
        return False
    return True


def holder(path: Path) -> int | None:
    """The process that holds a lock of the file, this one excepted."""
    if not path.exists():
        return None
    with open(path, "r+") as file:
        asked = struct.pack(FLOCK, fcntl.F_WRLCK, 0, 0, 0, 0)
        kind, _, _, _, process = struct.unpack(FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    return None if kind == fcntl.F_UNLCK else process
