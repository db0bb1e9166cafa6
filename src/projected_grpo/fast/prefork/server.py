"""Imports a module once, then forks a process for every client.

    python -m projected_grpo.fast.prefork.server SOCKET MODULE

It ends when its input does.
"""

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
from types import ModuleType
from typing import NoReturn

from projected_grpo.fast.prefork import OFF, PYTHON

# CUDA_ERROR_NOT_INITIALIZED
UNOPENED = 3
# Descriptors from here on are out of the way of those that a process gets.
SPARE = 2000


def has_opened_cuda() -> bool:
    """Whether anything in this process has called cuInit.

    A driver that is loaded and not initialised refuses every question. Descriptors do not tell:
    its devices are open without that.
    """
    # OSError: the driver is not loaded at all.
    with suppress(OSError):
        driver = ctypes.CDLL("libcuda.so.1", mode=os.RTLD_NOLOAD)
        return driver.cuDeviceGetCount(ctypes.byref(ctypes.c_int())) != UNOPENED
    return False


def main(path: str, module: str) -> None:
    # What a machine may lack: a library, a pidfd, room for a socket's path. Processes do without
    # this one then. Any other error ends it with a traceback, and who started it says so.
    try:
        server = Server(path, _imported(module))
    except (ImportError, OSError) as error:
        message = " ".join(f"{type(error).__name__}: {error}".split())
        Path(path + OFF).write_text(f"there is no prefork server: {message}")
        raise SystemExit(1) from None
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    # What is imported stays shared with the children.
    gc.freeze()
    server.serve()


def _imported(module: str) -> ModuleType:
    # A kernel without it shows now and not at the first process.
    os.close(os.pidfd_open(os.getpid()))
    imported = importlib.import_module(module)
    if has_opened_cuda():
        raise ImportError(f"importing {module} opened CUDA, which no fork survives")
    return imported


class Server:
    """Forks for clients and hands signals and exit statuses on between the two.

    children: pidfd of a process -> (its pid, its client). clients: descriptor of a client -> the
    pidfd of its process.
    """

    def __init__(self, path: str, imported: ModuleType) -> None:
        self.in_child: Callable[[], None] = getattr(imported, "in_child", lambda: None)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        self.children: dict[int, tuple[int, socket.socket]] = {}
        self.clients: dict[int, int] = {}
        self.watched = select.poll()

    def serve(self) -> NoReturn:
        for fd in (0, self.listener.fileno()):
            self.watched.register(fd, select.POLLIN)
        while True:
            for fd, _ in self.watched.poll():
                if fd == 0:
                    os._exit(0)
                elif fd == self.listener.fileno():
                    self.fork()
                elif fd in self.clients:
                    self.pass_signal(fd)
                elif fd in self.children:
                    self.reap(fd)

    def fork(self) -> None:
        client, _ = self.listener.accept()
        request, fds = _receive(client)
        if request is None:
            client.close()
            for theirs in fds:
                os.close(theirs)
            return
        # OSError: no memory, or too many processes. The client hears nothing and does without.
        pid = None
        with suppress(OSError):
            pid = os.fork()
        if pid == 0:
            for ours in (self.listener.fileno(), client.fileno(), *self.clients, *self.children):
                os.close(ours)
            _become(request, fds, self.in_child)
        for theirs in fds:
            os.close(theirs)
        if pid is None:
            client.close()
            return
        # BrokenPipeError: the client is killed, which the next look at it shows.
        with suppress(BrokenPipeError):
            client.sendall(b"+")
        pidfd = os.pidfd_open(pid)
        self.children[pidfd] = pid, client
        self.clients[client.fileno()] = pidfd
        self.watched.register(pidfd, select.POLLIN)
        self.watched.register(client, select.POLLIN)

    def pass_signal(self, fd: int) -> None:
        # Nothing to read: the client was killed, so its process is.
        number = os.read(fd, 1)
        signal.pidfd_send_signal(self.clients[fd], number[0] if number else signal.SIGKILL)

    def reap(self, fd: int) -> None:
        pid, client = self.children.pop(fd)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        del self.clients[client.fileno()]
        self.watched.unregister(fd)
        self.watched.unregister(client)
        os.close(fd)
        # BrokenPipeError: the client was killed and hears nothing.
        with client, suppress(BrokenPipeError):
            client.sendall(struct.pack("i", status))


def _receive(client: socket.socket) -> tuple[dict | None, list[int]]:
    """(the request, the client's descriptors); no request where it was killed while it asked."""
    size_bytes, fds, _, _ = socket.recv_fds(client, 4, 253)
    if len(size_bytes) < 4:
        return None, fds
    (size,) = struct.unpack("I", size_bytes)
    body = client.recv(size, socket.MSG_WAITALL)
    return (json.loads(body) if len(body) == size else None), fds


def _become(request: dict, fds: list[int], in_child: Callable[[], None]) -> NoReturn:
    """This process, just forked, goes on as `python` with the client's arguments, to its end.

    That end leaves out C's exit handlers, as a forked multiprocessing child's does: they would
    wait for threads that only the server has.
    """
    status = 0
    # What the imports registered goes: polars', for one, waits for a thread of the server's.
    atexit._clear()
    atexit.register(multiprocessing.util._exit_function)
    weakref.finalize._registered_with_atexit = False
    try:
        _take(request, fds)
        in_child()
        _run(request["argv"])
    except SystemExit as stop:
        status = _exit_status(stop)
    # As at the interpreter's own end, whatever the program raised: who started it gets traceback
    # and status, and nothing may go back into the server's loop, of which this is a copy.
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status & 0xFF)


def _exit_status(stop: SystemExit) -> int:
    """Python's own rule: a number, nothing, or a message that goes to stderr."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code
    print(stop.code, file=sys.stderr)
    return 1


def _take(request: dict, fds: list[int]) -> None:
    """The client's descriptors, by their numbers there, its folder and its environment."""
    spare = [os.dup2(fd, SPARE + i, inheritable=False) for i, fd in enumerate(fds)]
    for fd in fds:
        os.close(fd)
    for fd, number in zip(spare, request["fds"], strict=True):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    multiprocessing.spawn.set_executable(os.environ[PYTHON])


def _run(argv: list[str]) -> None:
    # The interpreter's own flags were settled when the server started.
    while argv[0].startswith("-") and argv[0] not in ("-c", "-m"):
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
