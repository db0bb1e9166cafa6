"""The process inside the sandbox that has imported everything: it forks one locked-down child a
program.

It never sees a program itself, only its problem's setup where that does nothing but bind names.

    python -s -S -P /grader/zygote.py CONTROL_FD MEMORY_BYTES FILE_BYTES MODULE...

Control messages (SOCK_SEQPACKET): b"fork", the child's CPU seconds in digits, a blank and such
setups or nothing (modules.prepare), with two descriptors, starts a child that owns them, its
channel and its file (see child.py). b"limit" and digits gives it so many CPU seconds from then on.
When it ends, has used its seconds, or b"kill" comes, it is ended with everything it started, and
the answer is KILLED (wait status, CPU seconds). End of file ends the zygote.

Requests and answers travel on the child's own descriptors. So the zygote's memory, which every
later child inherits, holds nothing of an earlier program, and a program has no channel but its own.
Each child is the first process of a PID namespace of its own: it cannot name the zygote, and when
it dies the kernel kills whatever it left behind.
"""

import ctypes
import gc
import importlib
import math
import os
import resource
import select
import signal
import socket
import struct
import sys
import time

# -P keeps the script's folder off the path.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# random and threading would put themselves right in every child: a seed, which it gets anyway, and
# threads, which the zygote has none of.
register_at_fork = os.register_at_fork
os.register_at_fork = lambda **hooks: None

import child
from filters import LIBC, Filter, call, everywhere, in_children
from modules import prepare
from rehearsal import rehearse
from steps import limit_steps

CLONE_NEWPID = 0x20000000
# Of a process clock's number, as clock_getcpuclockid makes it: ~pid << 3 | 2.
CPUCLOCK_SCHED = 2
TICK_SECONDS = 0.004
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
KILLED = struct.Struct("=id")
STACK_BYTES, MESSAGE_BYTES = 64 << 20, 64 << 10
# What b"limit" may add to a child's first seconds, as a multiple of them.
LIMITS = 4
FILES, PROCESSES = 64, 64
# Descriptors.
CONTROL, MYSELF = FILES - 2, FILES - 1
TWO_DESCRIPTORS = socket.CMSG_SPACE(2 * 4)

DROP_CAPABILITIES = (
    LIBC.capset,
    ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0)),
    ctypes.create_string_buffer(24),
)


def settle(memory_bytes: int, file_bytes: int) -> None:
    """What children inherit, once: limits, no new privileges, the long filter.

    Every page written after a fork is copied, so a child does little.
    """
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_STACK: STACK_BYTES,
        resource.RLIMIT_NOFILE: FILES,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for name, value in limits.items():
        resource.setrlimit(name, (value, value))
    call(LIBC.prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    call(LIBC.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    everywhere().install()
    limit_steps()


def arrange_descriptors(control_fd: int) -> None:
    """The control socket and the zygote's own pidfd go to the top, and all else is closed.

    So a child's descriptors, the lowest free ones, are those that it shall have.
    """
    os.dup2(control_fd, CONTROL)
    os.dup2(os.pidfd_open(os.getpid()), MYSELF)
    os.closerange(child.CHANNEL, CONTROL)
    os.closerange(FILES, control_fd + 1)


def renew_null() -> None:
    """/dev/null as the next child's standard streams, opened anew.

    Flags on a description shared with another child would be a message to it.
    """
    null = os.open("/dev/null", os.O_RDWR)
    for target in (0, 1, 2):
        os.dup2(null, target)
    os.close(null)


def lock_down(last_filter: Filter, cpu_s: int) -> None:
    """Leave the child /dev/null, its channel as descriptor 3, its file as 4, no capability, no
    processes, and RLIMIT_CPU behind the zygote's clock.

    A session of its own: a PID namespace does not end a process group, and kill(0) would reach the
    zygote.
    """
    os.setsid()
    os.closerange(child.FILE + 1, FILES)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    # Here and not in settle: the zygote's own forks may be counted with the host user's.
    resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))
    call(*DROP_CAPABILITIES)
    last_filter.install()


def fork_into_namespace() -> int:
    """fork(), the child being process 1 of a new PID namespace.

    setns undoes unshare, which works once per process.
    """
    call(LIBC.unshare, CLONE_NEWPID)
    pid = os.fork()
    if pid:
        call(LIBC.setns, MYSELF, CLONE_NEWPID)
    return pid


def watch(pid: int, cpu_s: float, control: socket.socket) -> None:
    """Wait until the child has ended or used its CPU seconds, or the parent wants it ended."""
    child_ends = os.pidfd_open(pid)
    clock = ~pid << 3 | CPUCLOCK_SCHED
    remaining = cpu_s
    while remaining > 0:
        timeout = max(remaining, TICK_SECONDS)
        ready = select.select([CONTROL, child_ends], [], [], timeout)[0]
        if child_ends in ready:
            break
        if ready:
            command = control.recv(MESSAGE_BYTES)
            if not command.startswith(b"limit"):
                break
            cpu_s = time.clock_gettime(clock) + float(command.removeprefix(b"limit"))
        remaining = cpu_s - time.clock_gettime(clock)
    os.close(child_ends)


def check_machine() -> None:
    """Find out at the start, not at the first program, that the namespaces and the filter work."""
    if os.uname().machine != "x86_64":
        raise OSError(f"the system call filter is written for x86_64, not {os.uname().machine}")
    pid = fork_into_namespace()
    if not pid:
        lock_down(in_children(), 1)
        os._exit(0 if os.getpid() == 1 else 1)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise OSError("a locked-down child could not start")


def main(control_fd: int, memory_bytes: int, file_bytes: int, modules: list[str]) -> None:
    # So that a program's own import finds them.
    for module in modules:
        importlib.import_module(module)
    os.register_at_fork = register_at_fork
    arrange_descriptors(control_fd)
    control = socket.socket(fileno=CONTROL)
    settle(memory_bytes, file_bytes)
    check_machine()
    rehearse()
    last_filter = in_children()
    gc.collect()
    gc.freeze()
    control.send(b"ready")
    while True:
        command = control.recvmsg(MESSAGE_BYTES, TWO_DESCRIPTORS)[0]
        if not command:
            return
        if not command.startswith(b"fork"):
            # Too late: the child has ended meanwhile.
            continue
        seconds, _, setups = command.removeprefix(b"fork").partition(b" ")
        prepare(setups)
        cpu_s = float(seconds)
        renew_null()
        pid = fork_into_namespace()
        if not pid:
            lock_down(last_filter, math.ceil(LIMITS * cpu_s) + 1)
            child.serve()
        watch(pid, cpu_s, control)
        os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        control.send(KILLED.pack(status, usage.ru_utime + usage.ru_stime))
        # Only now: the parent is not to wake for the end of the channel first.
        os.closerange(child.CHANNEL, child.FILE + 1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), sys.argv[4:])
