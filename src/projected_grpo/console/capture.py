"""All that a process and its children write, libraries' chatter for the most, into a file."""

import fcntl
import os
import select
import sys
import tempfile
import threading
from io import TextIOBase
from pathlib import Path
from typing import IO

from projected_grpo.console import stream

PIPE_BYTES = 1 << 20


class Capture:
    """Descriptors 1 and 2 are a pipe, which a thread empties into the file.

    to: the console. Where all is shown, it gets what the file gets.
    """

    def __init__(self, to: TextIOBase, shows_all: bool) -> None:
        self.path: Path | None = None
        self.was_there = False
        self.file: IO[bytes] = tempfile.TemporaryFile()
        self.lock = threading.Lock()
        self.over = threading.Event()
        _flush()
        self.saved = {descriptor: os.dup(descriptor) for descriptor in (1, 2)}
        self.shown = os.dup(to.fileno()) if shows_all else None
        self.reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        # where all is shown, the command's own lines take their places among it
        self.give_back = stream.take(os.dup(writing if shows_all else to.fileno()))
        for descriptor in self.saved:
            os.dup2(writing, descriptor)
        os.close(writing)
        self.thread = threading.Thread(target=self._pump, daemon=True)
        self.thread.start()

    def _pump(self) -> None:
        # not to the pipe's end alone: a process that outlives this one holds it open
        while not self.over.is_set() or _has_data(self.reading, 0.0):
            if not _has_data(self.reading, 0.2):
                continue
            data = os.read(self.reading, PIPE_BYTES)
            if not data:
                return
            self._write(data)

    def _write(self, data: bytes) -> None:
        with self.lock:
            self.file.write(data)
            self.file.flush()
        if self.shown is not None:
            os.write(self.shown, data)

    def open(self, path: Path) -> None:
        """What is in no file yet, and what follows, goes to the end of that file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.was_there = path.exists()
        named = open(path, "a+b")
        with self.lock, self.file as unnamed:
            if self.path is None:
                unnamed.seek(0)
                named.write(unnamed.read())
                named.flush()
            self.file = named
        self.path = path

    def discard(self) -> None:
        """Removes the named file, unless it was there before."""
        if self.path and not self.was_there:
            self.path.unlink()

    def end(self) -> None:
        """Gives stdout and stderr back."""
        self.give_back()
        _flush()
        for descriptor, saved in self.saved.items():
            os.dup2(saved, descriptor)
        self.over.set()
        self.thread.join()

    def text(self) -> str:
        """All of the file."""
        with self.lock:
            self.file.seek(0)
            return self.file.read().decode(errors="replace")


def _has_data(descriptor: int, seconds: float) -> bool:
    return bool(select.select([descriptor], [], [], seconds)[0])


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
