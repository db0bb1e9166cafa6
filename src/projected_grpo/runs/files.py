"""Files that are whole or not there, and the room for them."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from projected_grpo.cli import Refusal


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a scratch path beside `path`, to be written; replaces `path` by it in one step.

    A reader sees the old file or the new one, never a part. Where the body raises, or writes
    nothing, `path` stays as it was and no scratch file is left.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def write_atomic(path: Path, text: str) -> None:
    """Replaces `path` by `text` in one step."""
    with replacing(path) as scratch:
        scratch.write_text(text)


@contextmanager
def in_turn(file: Path) -> Iterator[None]:
    """Lets one process at a time into the block, of all that name the same lock file."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def refuse_without_room(folder: Path, needed: int) -> None:
    """Refusal where fewer than `needed` bytes are free for `folder`, which may be still to come."""
    place = folder.resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise Refusal(
            f"{folder} has {free / 1e9:.1f} GB free, and this run may fill {needed / 1e9:.1f}: "
            "make room, keep fewer states (keep=), or name another outputs="
        )
