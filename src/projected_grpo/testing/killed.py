"""All processes of a command, found by a mark in the environment that they began with."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

MARK = "PROJECTED_GRPO_MARK"
# Seconds in which the rest of a run ends, once its command is killed.
GRACE = 150.0


def started(command: list[str], mark: str, errors: Path) -> subprocess.Popen:
    """errors: what it prints there, from the file's end on, is for `said`."""
    env = os.environ | {MARK: mark}
    with errors.open("a") as file:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file, env=env)


def said(errors: Path) -> str:
    """The last line of a command that has ended."""
    lines = errors.read_text().splitlines()
    return lines[-1] if lines else ""


def processes(mark: str) -> dict[int, str]:
    """pid -> command line of all that the command has started and that is still at work.

    What was forked shows the environment and often the command line of its server.
    """
    entry = f"{MARK}={mark}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        # of another user, or ended meanwhile
        with suppress(PermissionError, FileNotFoundError, ProcessLookupError):
            if entry in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(folder.name)] = command.strip()
    return found


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def left(mark: str, seconds: float = GRACE) -> dict[int, str]:
    """The processes of a command that are still there after so long."""
    deadline = time.monotonic() + seconds
    while (there := processes(mark)) and time.monotonic() < deadline:
        time.sleep(0.5)
    return there
