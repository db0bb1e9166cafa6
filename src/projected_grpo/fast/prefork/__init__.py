"""Processes that start with everything imported.

A run is a dozen Python processes that import torch, verl and vLLM, ten seconds each and one after
the other. `started` runs a server that imports once and forks; a client stands in for `python`.
"""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loguru import logger

# The environment says where the server listens, which executable takes python's arguments, and how
# many seconds it waits for the server.
SOCKET = "PROJECTED_GRPO_PREFORK_SOCKET"
PYTHON = "PROJECTED_GRPO_PREFORK_PYTHON"
WAIT = "PROJECTED_GRPO_PREFORK_WAIT"
# A file of this suffix beside the socket says why the server does not fork.
OFF = ".off"


@contextmanager
def started(module: str, wait: float = 180.0) -> Iterator[Path]:
    """A stand-in for `python`, until the block ends.

    Its processes begin with `module` imported and its in_child(), if it has one, called. It may be
    called while that import still runs. Where the server cannot serve, one line says why and the
    stand-in is plain python from then on: the import fails or opens CUDA, the server is killed, or
    has not listened for `wait` seconds.

    Fork safety rests on the server: it runs nothing but imports, so no CUDA context, no OpenMP
    team and no lock is held when it forks.
    """
    with tempfile.TemporaryDirectory(prefix="projected-grpo-prefork-") as folder:
        client = Path(__file__).with_name("client.py")
        python = Path(folder) / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{client}" "$@"\n')
        python.chmod(0o755)
        if not os.access(python, os.X_OK):
            _say(f"nothing in {folder} can be executed (TMPDIR names another place)")
            with plain() as own:
                yield own
            return
        socket = f"{folder}/socket"
        os.environ |= {SOCKET: socket, PYTHON: str(python), WAIT: str(wait)}
        command = [sys.executable, "-m", "projected_grpo.fast.prefork.server", socket, module]
        over = threading.Event()
        # The end of its input is the server's end, should this process be killed.
        with subprocess.Popen(command, stdin=subprocess.PIPE) as server:
            watch = threading.Thread(target=_watch, args=(server, Path(socket + OFF), over))
            watch.start()
            try:
                yield python
            finally:
                over.set()
                server.kill()
                watch.join()


@contextmanager
def plain() -> Iterator[Path]:
    """python itself, in the place of its stand-in."""
    os.environ[PYTHON] = sys.executable
    yield Path(sys.executable)


def _watch(server: subprocess.Popen, off: Path, over: threading.Event) -> None:
    """Waits for the server's end, and tells its clients where nobody asked for it."""
    status = server.wait()
    if not off.exists() and not over.is_set():
        off.write_text(f"the prefork server ended with status {status}")
    # Empty where a client was first, and has said why.
    if off.exists() and (reason := off.read_text()):
        _say(reason)


def _say(reason: str) -> None:
    logger.warning(f"{reason}; processes import for themselves, so that a run starts later")
