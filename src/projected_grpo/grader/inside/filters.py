"""The system calls that the sandbox refuses, as seccomp filters.

Runs in the sandbox, standard library only.
"""

import ctypes
import os
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_THREAD = 0x00010000
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2

# What nobody in the sandbox may call: names and x86_64 numbers in turn. Nothing else stays behind a
# dead process on a read-only filesystem.
DENIED = {
    "other processes": """
        vfork 58 execve 59 execveat 322 ptrace 101 process_vm_readv 310 process_vm_writev 311
        kcmp 312 pidfd_getfd 438
    """,
    "memory that outlives its process": """
        shmget 29 shmat 30 shmctl 31 shmdt 67
        semget 64 semop 65 semctl 66 semtimedop 220
        msgget 68 msgsnd 69 msgrcv 70 msgctl 71
        mq_open 240 mq_unlink 241 mq_timedsend 242 mq_timedreceive 243 mq_notify 244
        mq_getsetattr 245
        add_key 248 request_key 249 keyctl 250
        memfd_create 319 memfd_secret 447
    """,
    # socketpair stays: asyncio needs it.
    "the network": "socket 41",
    "mounts": """
        mount 165 umount2 166 pivot_root 155 chroot 161
        open_tree 428 move_mount 429 fsopen 430 fsconfig 431 fsmount 432 fspick 433
        mount_setattr 442
    """,
    "kernel surface": """
        bpf 321 perf_event_open 298 userfaultfd 323
        io_uring_setup 425 io_uring_enter 426 io_uring_register 427
        init_module 175 delete_module 176 finit_module 313
        kexec_load 246 kexec_file_load 320
        fanotify_init 300 name_to_handle_at 303 open_by_handle_at 304
        personality 135 syslog 103 acct 163 settimeofday 164 clock_settime 227
        swapon 167 swapoff 168 reboot 169 sethostname 170 setdomainname 171 iopl 172 ioperm 173
    """,
}
# What the zygote itself starts a child with.
DENIED_TO_CHILDREN = "fork 57 unshare 272 setns 308"

CLONE, CLONE3, X32_BIT, AUDIT_ARCH_X86_64 = 56, 435, 0x40000000, 0xC000003E
# Instructions.
LOAD, EQUAL, AT_LEAST, ANY_BIT, GIVE = 0x20, 0x15, 0x35, 0x45, 0x06
# What GIVE gives. REFUSE is errno 1, EPERM; UNKNOWN is errno 38, ENOSYS.
ALLOW, KILL, REFUSE, UNKNOWN = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026


def call(function, *arguments) -> None:
    """A libc call that must succeed."""
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{function.__name__}: {os.strerror(ctypes.get_errno())}")


def numbers(calls: str) -> list[int]:
    return [int(number) for number in calls.split()[1::2]]


class Filter:
    """A BPF program, laid out in memory once: installing it in a child is one system call.

    Filters add up.
    """

    def __init__(self, lines: list[tuple[int, int, int, int]], denied: list[int]) -> None:
        for number in sorted(denied):
            lines = lines + [(EQUAL, 0, 1, number), (GIVE, 0, 0, REFUSE)]
        program = b"".join(struct.pack("=HBBI", *line) for line in [*lines, (GIVE, 0, 0, ALLOW)])
        self.code = ctypes.create_string_buffer(program, len(program))
        fprog = struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(self.code))
        self.fprog = ctypes.create_string_buffer(fprog)

    def install(self) -> None:
        call(LIBC.prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, self.fprog, 0, 0)


def everywhere() -> Filter:
    """Foreign system call tables and DENIED.

    For the zygote, whose children inherit it: compiling so long a filter for each costs 0.2 ms.
    """
    lines = [
        (LOAD, 0, 0, 4),
        (EQUAL, 1, 0, AUDIT_ARCH_X86_64),
        (GIVE, 0, 0, KILL),
        (LOAD, 0, 0, 0),
        (AT_LEAST, 0, 1, X32_BIT),
        (GIVE, 0, 0, REFUSE),
        # The flags of clone3 lie behind a pointer; libc falls back to clone.
        (EQUAL, 0, 1, CLONE3),
        (GIVE, 0, 0, UNKNOWN),
    ]
    return Filter(lines, numbers(" ".join(DENIED.values())))


def in_children() -> Filter:
    """No processes; threads stay."""
    lines = [
        (LOAD, 0, 0, 0),
        (EQUAL, 0, 4, CLONE),
        (LOAD, 0, 0, 16),
        (ANY_BIT, 1, 0, CLONE_THREAD),
        (GIVE, 0, 0, REFUSE),
        (GIVE, 0, 0, ALLOW),
    ]
    return Filter(lines, numbers(DENIED_TO_CHILDREN))
