"""The warm process inside the sandbox: forks one locked-down child per program, and never sees a program itself.

    python -s -S -P /grader/zygote.py CONTROL_FD CPU_SECONDS MEMORY_BYTES

Control messages (SOCK_SEQPACKET): b"fork" with one descriptor starts a child that owns this descriptor; b"kill" ends
the child with everything it started and answers KILLED (wait status, CPU seconds). End of file ends the zygote.

The request and the answer travel on the child's own descriptor. So the zygote's memory, which every later child
inherits, holds nothing of an earlier program, and a program has no channel but its own. Each child is the first process
of a PID namespace of its own: it cannot name the zygote, and when it dies the kernel kills whatever it left behind.
"""

import ctypes
import gc
import importlib
import os
import platform
import resource
import signal
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import child  # noqa: E402  (found through the line above; -P keeps the script's folder off the path)

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWPID = 0x20000000
CLONE_THREAD = 0x00010000
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
WARM = """bisect cmath collections copy dataclasses datetime decimal enum fractions heapq io itertools numbers operator
queue random re statistics string textwrap threading time traceback typing unittest""".split()
KILLED = struct.Struct("=id")
STACK_BYTES = 64 << 20
FILES, FILE_BYTES, PROCESSES = 64, 1 << 20, 64

# What a child may not call (x86_64 numbers). Nothing else stays behind a dead process on a read-only filesystem.
DENIED = {
    "other processes: fork vfork execve execveat ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd": [
        57, 58, 59, 322, 101, 310, 311, 312, 438,
    ],
    "memory that outlives its process: shm*, sem*, msg*, mq_*, keyrings, memfd": [
        29, 30, 31, 67, 64, 65, 66, 220, 68, 69, 70, 71, *range(240, 246), 248, 249, 250, 319, 447,
    ],
    "the network: socket (socketpair stays, asyncio needs it)": [41],
    "namespaces and mounts: unshare setns mount umount2 pivot_root chroot and the new mount calls": [
        272, 308, 165, 166, 155, 161, *range(428, 434), 442,
    ],
    "kernel surface: bpf perf userfaultfd io_uring modules kexec fanotify handles personality syslog and clocks": [
        321, 298, 323, 425, 426, 427, 175, 176, 313, 246, 320, 300, 303, 304, 135, 103, 163, 164, 167, 168, 169, 170,
        171, 172, 173, 227,
    ],
}  # fmt: skip
CLONE, CLONE3, X32_BIT, AUDIT_ARCH_X86_64 = 56, 435, 0x40000000, 0xC000003E


def seccomp_filter() -> bytes:
    """BPF: allow everything but DENIED, processes (threads stay), and foreign system call tables."""
    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, kill, refuse, unknown = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026  # errno 1 EPERM, 38 ENOSYS
    lines = [
        (load, 0, 0, 4), (equal, 1, 0, AUDIT_ARCH_X86_64), (give, 0, 0, kill),
        (load, 0, 0, 0), (at_least, 0, 1, X32_BIT), (give, 0, 0, refuse),
        (equal, 0, 1, CLONE3), (give, 0, 0, unknown),  # its flags lie behind a pointer; libc falls back to clone
        (equal, 0, 4, CLONE), (load, 0, 0, 16), (any_bit, 1, 0, CLONE_THREAD),
        (give, 0, 0, refuse), (give, 0, 0, allow),
    ]  # fmt: skip
    for number in sorted(n for numbers in DENIED.values() for n in numbers):
        lines += [(equal, 0, 1, number), (give, 0, 0, refuse)]
    lines += [(give, 0, 0, allow)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def call(name: str, *arguments) -> None:
    """A libc call that must succeed."""
    if getattr(LIBC, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def install(program: bytes) -> None:
    code = ctypes.create_string_buffer(program, len(program))
    fprog = ctypes.create_string_buffer(struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(code)))
    call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(fprog), 0, 0)


def lock_down(channel: int, filter_code: bytes, cpu_seconds: int, memory_bytes: int) -> None:
    """Leave the child its channel as descriptor 3, /dev/null, limits, no capability, and the filtered system calls.

    A session of its own: a PID namespace does not end a process group, and kill(0) would reach the zygote.
    /dev/null is opened anew: flags on a description shared with the zygote would be a message to the next program.
    """
    os.setsid()
    null = os.open("/dev/null", os.O_RDWR)
    spare = os.dup2(channel, 200)
    for target in (0, 1, 2):
        os.dup2(null, target)
    os.dup2(spare, 3)
    os.closerange(4, 1024)
    for name, value in (
        (resource.RLIMIT_CPU, cpu_seconds), (resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_FSIZE, FILE_BYTES), (resource.RLIMIT_NPROC, PROCESSES), (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):  # fmt: skip
        resource.setrlimit(name, (value, value))
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    call("capset", struct.pack("=Ii", 0x20080522, 0), bytes(24))
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    install(filter_code)


def fork_into_namespace(myself: int) -> int:
    """fork(), the child being process 1 of a new PID namespace. setns undoes unshare, which works once per process."""
    call("unshare", CLONE_NEWPID)
    pid = os.fork()
    if pid:
        call("setns", myself, CLONE_NEWPID)
    return pid


def check_machine() -> None:
    """Find out at the start, not at the first program, that the namespaces and the filter work here."""
    if platform.machine() != "x86_64":
        raise OSError(f"the system call filter is written for x86_64, not {platform.machine()}")
    myself = os.pidfd_open(os.getpid())
    pid = fork_into_namespace(myself)
    if not pid:
        lock_down(myself, seccomp_filter(), 1, 1 << 30)
        os._exit(0 if os.getpid() == 1 else 1)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise OSError("a locked-down child could not start")
    os.close(myself)


def main(control_fd: int, memory_bytes: int) -> None:
    check_machine()
    for module in WARM:  # so that a program's own import finds them
        importlib.import_module(module)
    resource.setrlimit(resource.RLIMIT_STACK, (STACK_BYTES, STACK_BYTES))
    control = socket.socket(fileno=control_fd)
    myself, filter_code, pid = os.pidfd_open(os.getpid()), seccomp_filter(), 0
    gc.collect()
    gc.freeze()
    control.send(b"ready")
    while message := socket.recv_fds(control, 16, 1):
        command, descriptors = message[0], message[1]
        if command.startswith(b"fork"):  # and the child's CPU seconds, in digits
            pid = fork_into_namespace(myself)
            if not pid:
                lock_down(descriptors[0], filter_code, int(command[4:]), memory_bytes)
                child.serve(3)
            os.close(descriptors[0])
        elif command == b"kill":
            os.kill(pid, signal.SIGKILL)
            _, status, usage = os.wait4(pid, 0)
            control.send(KILLED.pack(status, usage.ru_utime + usage.ru_stime))
        else:
            return


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
