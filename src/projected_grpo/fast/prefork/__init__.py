"""Processes that start with everything imported.

A run is a dozen Python processes that import torch, verl and vLLM, ten seconds each and one after
the other. `started` runs a server that imports once and forks; a client stands in for `python`.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The environment says where the server listens, and which executable takes python's arguments.
SOCKET = "PROJECTED_GRPO_PREFORK_SOCKET"
PYTHON = "PROJECTED_GRPO_PREFORK_PYTHON"
# A file of this suffix beside the socket: the server must not fork.
OFF = ".off"


@contextmanager
def started(module: str) -> Iterator[Path]:
    """A stand-in for `python`, until the block ends.

    Its processes begin with `module` imported and its in_child(), if it has one, called. It may be
    called while that import still runs. Where the import opens CUDA the stand-in is plain python,
    and the server says so.

    Fork safety rests on the server: it runs nothing but imports, so no CUDA context, no OpenMP
    team and no lock is held when it forks.
    """
    with tempfile.TemporaryDirectory(prefix="projected-grpo-prefork-") as folder:
        client = Path(__file__).with_name("client.py")
        python = Path(folder) / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{client}" "$@"\n')
        python.chmod(0o755)
        socket = f"{folder}/socket"
        os.environ |= {SOCKET: socket, PYTHON: str(python)}
        command = [sys.executable, "-m", "projected_grpo.fast.prefork.server", socket, module]
        # The end of its input is the server's end, should this process be killed.
        with subprocess.Popen(command, stdin=subprocess.PIPE) as server:
            try:
                yield python
            finally:
                server.kill()
