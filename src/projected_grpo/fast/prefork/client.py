"""Stands in for `python`: asks the warm server for a process and is it for whoever started it, with the same descriptors, signals and exit status.

Runs with `python -I -S`: standard library only, and little of it, since its own start-up is what a warm start costs.
"""

import json
import os
import signal
import socket
import struct
import sys
import time

WAIT = 180.0  # seconds for the server to have imported everything


def main() -> None:
    fds = [fd for fd in map(int, os.listdir("/proc/self/fd")) if _is_open(fd)]
    server = socket.socket(socket.AF_UNIX)
    deadline = time.monotonic() + WAIT
    path = os.environ["PROJECTED_GRPO_WARM_SOCKET"]
    while server.connect_ex(path):
        if os.path.exists(path + ".off"):
            os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
        if time.monotonic() > deadline:
            raise SystemExit("the warm server does not answer: see its messages above")
        time.sleep(0.05)
    body = json.dumps(
        {"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(), "fds": fds}
    ).encode()
    socket.send_fds(server, [struct.pack("I", len(body))], fds)
    server.sendall(body)
    for fd in fds:  # a pipe's reader must see its end when the process ends, not when this one does
        os.close(fd)
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # a terminal's interrupt reaches the process itself, which is of the same group
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: server.send(bytes([received])))
    told = server.recv(4, socket.MSG_WAITALL)
    status = struct.unpack("i", told)[0] if len(told) == 4 else 1
    if status < 0:  # ended by a signal: so is this one
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def _is_open(fd: int) -> bool:
    return os.path.exists(f"/proc/self/fd/{fd}")  # the listing's own descriptor is gone by now


main()
