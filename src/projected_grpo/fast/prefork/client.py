"""Stands in for `python`: gets a process from the prefork server and is it for whoever started it.

Both have the same descriptors, signals and exit status. This file runs with `python -I -S`, on the
standard library and little of it: its own start-up is what a preforked process costs.
"""

import json
import os
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import NoReturn

# A file of this suffix beside the socket: the server does not fork.
OFF = ".off"


def main() -> None:
    fds = [fd for fd in map(int, os.listdir("/proc/self/fd")) if _is_open(fd)]
    server = _connected(os.environ["PROJECTED_GRPO_PREFORK_SOCKET"])
    request = {"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(), "fds": fds}
    if not _is_forked(server, json.dumps(request).encode(), fds):
        _give_up("the prefork server could not fork")
    # A pipe's reader must see its end when the process ends, not when this one does.
    for fd in fds:
        os.close(fd)
    # A terminal's interrupt reaches the process itself, which is of the same group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: server.send(bytes([received])))
    answer = server.recv(4, socket.MSG_WAITALL)
    status = struct.unpack("i", answer)[0] if len(answer) == 4 else 1
    # A process that a signal ended: so this one ends.
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def _is_open(fd: int) -> bool:
    # The listing's own descriptor is gone by now.
    return os.path.exists(f"/proc/self/fd/{fd}")


def _connected(path: str) -> socket.socket:
    """The server once it listens; this process becomes plain python where that never happens."""
    server = socket.socket(socket.AF_UNIX)
    wait = float(os.environ["PROJECTED_GRPO_PREFORK_WAIT"])
    deadline = time.monotonic() + wait
    while not _listens(server, path):
        if os.path.exists(path + OFF):
            _be_plain()
        if time.monotonic() > deadline:
            _give_up(f"the prefork server has not listened for {wait:g} s")
        time.sleep(0.05)
    return server


def _listens(server: socket.socket, path: str) -> bool:
    # OSError: nobody is there, or the path is longer than a socket's may be.
    with suppress(OSError):
        server.connect(path)
        return True
    return False


def _is_forked(server: socket.socket, body: bytes, fds: list[int]) -> bool:
    """Whether the server, asked for a process, has one. False: it could not, or is killed."""
    with suppress(OSError):
        socket.send_fds(server, [struct.pack("I", len(body))], fds)
        server.sendall(body)
        return bool(server.recv(1))
    return False


def _give_up(reason: str) -> NoReturn:
    """Plain python, with one line to the user; the clients after this one do not wait."""
    # FileExistsError: another was first.
    with suppress(FileExistsError), open(os.environ["PROJECTED_GRPO_PREFORK_SOCKET"] + OFF, "x"):
        line = f"{reason}; processes import for themselves, so that a run starts later"
        print(line, file=sys.stderr, flush=True)
    _be_plain()


def _be_plain() -> NoReturn:
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])


main()
