"""Files that are whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
