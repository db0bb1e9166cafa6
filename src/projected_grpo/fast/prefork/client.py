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

# Seconds for the server to have imported everything.
WAIT = 180.0


def main() -> None:
    fds = [fd for fd in map(int, os.listdir("/proc/self/fd")) if _is_open(fd)]
    server = _connected(os.environ["PROJECTED_GRPO_PREFORK_SOCKET"])
    request = {"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(), "fds": fds}
    body = json.dumps(request).encode()
    socket.send_fds(server, [struct.pack("I", len(body))], fds)
    server.sendall(body)
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
    """The server once it listens; this process becomes plain python where the server is off."""
    server = socket.socket(socket.AF_UNIX)
    deadline = time.monotonic() + WAIT
    while server.connect_ex(path):
        if os.path.exists(path + ".off"):
            os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
        if time.monotonic() > deadline:
            raise SystemExit("the prefork server does not answer: see its messages above")
        time.sleep(0.05)
    return server


main()
