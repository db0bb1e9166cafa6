"""Imports a module once, then forks a process for every client: `python -m projected_grpo.fast.prefork.server SOCKET MODULE`. Ends when its input does."""

import atexit
import ctypes
import gc
import importlib
import json
import multiprocessing.spawn
import multiprocessing.util
import os
import runpy
import select
import signal
import socket
import struct
import sys
import threading
import traceback
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from projected_grpo.fast.prefork import OFF, PYTHON

UNOPENED = 3  # CUDA_ERROR_NOT_INITIALIZED


def has_opened_cuda() -> bool:
    """Whether anything in this process has called cuInit: a driver that is loaded and not initialised refuses every question. Descriptors do not tell: its devices
    are open without that."""
    with suppress(OSError):  # the driver is not loaded at all
        return (
            ctypes.CDLL("libcuda.so.1", mode=os.RTLD_NOLOAD).cuDeviceGetCount(
                ctypes.byref(ctypes.c_int())
            )
            != UNOPENED
        )
    return False


def main(path: str, module: str) -> None:
    imported = importlib.import_module(module)
    if has_opened_cuda():
        Path(path + OFF).touch()
        raise SystemExit(
            f"warm server: importing {module} opened CUDA, which no fork survives: processes import for themselves"
        )
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # what is imported stays shared with the children
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    children: dict[int, tuple[int, socket.socket]] = {}  # pidfd -> its pid, who asked for it
    clients: dict[int, int] = {}  # a client's descriptor -> the pidfd of its process
    watched = select.poll()
    for fd in (0, listener.fileno()):
        watched.register(fd, select.POLLIN)
    while True:
        for fd, _ in watched.poll():
            if fd == 0:
                os._exit(0)
            elif fd == listener.fileno():
                client, _ = listener.accept()
                request, fds = _receive(client)
                pid = os.fork()
                if pid == 0:
                    for ours in (listener.fileno(), client.fileno(), *clients, *children):
                        os.close(ours)
                    _become(request, fds, getattr(imported, "in_child", lambda: None))
                for theirs in fds:
                    os.close(theirs)
                pidfd = os.pidfd_open(pid)
                children[pidfd], clients[client.fileno()] = (pid, client), pidfd
                watched.register(pidfd, select.POLLIN)
                watched.register(client, select.POLLIN)
            elif fd in clients:
                told = os.read(fd, 1)  # nothing: the client was killed, so its process is
                signal.pidfd_send_signal(clients[fd], told[0] if told else signal.SIGKILL)
            elif fd in children:
                pid, client = children.pop(fd)
                status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                del clients[client.fileno()]
                watched.unregister(fd)
                watched.unregister(client)
                os.close(fd)
                with client, suppress(BrokenPipeError):  # a client that was killed cannot be told
                    client.sendall(struct.pack("i", status))


def _receive(client: socket.socket) -> tuple[dict, list[int]]:
    head, fds, _, _ = socket.recv_fds(client, 4, 253)
    (size,) = struct.unpack("I", head)
    body = b""
    while len(body) < size:
        body += client.recv(size - len(body))
    return json.loads(body), fds


def _become(request: dict, fds: list[int], in_child: Callable[[], None]) -> NoReturn:
    """This process, just forked, goes on as `python` with the client's arguments, environment, folder and descriptors, to its end.

    That end leaves out C's exit handlers, as a forked multiprocessing child's does: they would wait for threads that only the server has."""
    status = 0
    atexit._clear()  # what the imports registered: polars', for one, waits for a thread of the server's
    atexit.register(multiprocessing.util._exit_function)
    weakref.finalize._registered_with_atexit = False
    try:
        _take(request, fds)
        in_child()
        _run(request["argv"])
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
        if status and not isinstance(stop.code, int):
            print(stop.code, file=sys.stderr)
    except (
        BaseException
    ):  # as the interpreter's own end does; nothing may go back into the server's loop
        traceback.print_exc()
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status & 0xFF)


def _take(request: dict, fds: list[int]) -> None:
    held = [
        os.dup2(fd, 2000 + i, inheritable=False) for i, fd in enumerate(fds)
    ]  # out of the way of the numbers they get
    for fd in fds:
        os.close(fd)
    for fd, number in zip(held, request["fds"], strict=True):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    multiprocessing.spawn.set_executable(os.environ[PYTHON])


def _run(argv: list[str]) -> None:
    while argv[0].startswith("-") and argv[0] not in (
        "-c",
        "-m",
    ):  # the interpreter's own flags were settled when the server started
        argv = argv[2 if argv[0] == "-X" else 1 :]
    if argv[0] == "-m":
        sys.argv = argv[1:]
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    elif argv[0] == "-c":
        sys.argv = ["-c", *argv[2:]]
        exec(compile(argv[1], "<string>", "exec"), vars(sys.modules["__main__"]))
    else:
        sys.argv = argv
        runpy.run_path(argv[0], run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
