"""The system calls that the sandbox refuses, as seccomp filters. Runs in the sandbox, standard library only."""

import ctypes
import os
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_THREAD = 0x00010000
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2

# What nobody in the sandbox may call (x86_64 numbers). Nothing else stays behind a dead process on a read-only filesystem.
DENIED = {
    "other processes: vfork execve execveat ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd": [
        58,
        59,
        322,
        101,
        310,
        311,
        312,
        438,
    ],
    "memory that outlives its process: shm*, sem*, msg*, mq_*, keyrings, memfd": [
        29,
        30,
        31,
        67,
        64,
        65,
        66,
        220,
        68,
        69,
        70,
        71,
        *range(240, 246),
        248,
        249,
        250,
        319,
        447,
    ],
    "the network: socket (socketpair stays, asyncio needs it)": [41],
    "mounts: mount umount2 pivot_root chroot and the new mount calls": [
        165,
        166,
        155,
        161,
        *range(428, 434),
        442,
    ],
    "kernel surface: bpf perf userfaultfd io_uring modules kexec fanotify handles personality syslog and clocks": [
        321,
        298,
        323,
        425,
        426,
        427,
        175,
        176,
        313,
        246,
        320,
        300,
        303,
        304,
        135,
        103,
        163,
        164,
        167,
        168,
        169,
        170,
        171,
        172,
        173,
        227,
    ],
}
DENIED_TO_CHILDREN = [
    57,
    272,
    308,
]  # fork unshare setns: what the zygote itself starts a child with
CLONE, CLONE3, X32_BIT, AUDIT_ARCH_X86_64 = 56, 435, 0x40000000, 0xC000003E
LOAD, EQUAL, AT_LEAST, ANY_BIT, GIVE = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, REFUSE, UNKNOWN = (
    0x7FFF0000,
    0x80000000,
    0x00050001,
    0x00050026,
)  # errno 1 EPERM, 38 ENOSYS


def call(function, *arguments) -> None:
    """A libc call that must succeed."""
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{function.__name__}: {os.strerror(ctypes.get_errno())}")


class Filter:
    """A BPF program, laid out in memory once: installing it in a child is one system call. Filters add up."""

    def __init__(self, lines: list[tuple[int, int, int, int]], denied: list[int]) -> None:
        for number in sorted(denied):
            lines = lines + [(EQUAL, 0, 1, number), (GIVE, 0, 0, REFUSE)]
        program = b"".join(struct.pack("=HBBI", *line) for line in [*lines, (GIVE, 0, 0, ALLOW)])
        self.code = ctypes.create_string_buffer(program, len(program))
        self.fprog = ctypes.create_string_buffer(
            struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(self.code))
        )

    def install(self) -> None:
        call(LIBC.prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, self.fprog, 0, 0)


def everywhere() -> Filter:
    """Foreign system call tables and DENIED. For the zygote, whose children inherit it: compiling so long a filter for each costs 0.2 ms."""
    return Filter(
        [
            (LOAD, 0, 0, 4),
            (EQUAL, 1, 0, AUDIT_ARCH_X86_64),
            (GIVE, 0, 0, KILL),
            (LOAD, 0, 0, 0),
            (AT_LEAST, 0, 1, X32_BIT),
            (GIVE, 0, 0, REFUSE),
            (EQUAL, 0, 1, CLONE3),
            (GIVE, 0, 0, UNKNOWN),  # its flags lie behind a pointer; libc falls back to clone
        ],
        [n for numbers in DENIED.values() for n in numbers],
    )


def in_children() -> Filter:
    """No processes; threads stay."""
    clone = [
        (EQUAL, 0, 4, CLONE),
        (LOAD, 0, 0, 16),
        (ANY_BIT, 1, 0, CLONE_THREAD),
        (GIVE, 0, 0, REFUSE),
        (GIVE, 0, 0, ALLOW),
    ]
    return Filter([(LOAD, 0, 0, 0), *clone], DENIED_TO_CHILDREN)
