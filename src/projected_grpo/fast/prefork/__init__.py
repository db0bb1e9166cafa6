"""Processes that start with everything imported: a server imports once and forks, a client stands in for `python`.

A run is a dozen Python processes that import torch, verl and vLLM, ten seconds each and one after the other. `started` gives them a server to fork from.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOCKET, PYTHON = (
    "PROJECTED_GRPO_WARM_SOCKET",
    "PROJECTED_GRPO_WARM_PYTHON",
)  # where the server listens; an executable that takes python's arguments
OFF = ".off"  # beside the socket: the server found that it must not fork


@contextmanager
def started(module: str) -> Iterator[Path]:
    """A stand-in for `python` whose processes begin with `module` imported and its in_child(), if it has one, called, until the block ends. It may be called while that
    import still runs. Where the import opens CUDA the stand-in is plain python, and the server says so.

    Fork safety rests on the server: it runs nothing but imports, so no CUDA context, no OpenMP team and no lock is held when it forks."""
    with tempfile.TemporaryDirectory(prefix="projected-grpo-warm-") as folder:
        python = Path(folder) / "python"
        python.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -I -S "{Path(__file__).with_name("client.py")}" "$@"\n'
        )
        python.chmod(0o755)
        os.environ |= {SOCKET: f"{folder}/socket", PYTHON: str(python)}
        command = [
            sys.executable,
            "-m",
            "projected_grpo.fast.prefork.server",
            os.environ[SOCKET],
            module,
        ]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE
        ) as server:  # its input's end is its end, should this process be killed
            try:
                yield python
            finally:
                server.kill()
