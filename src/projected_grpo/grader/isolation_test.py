"""What a program can see, reach and leave behind from inside the sandbox: nothing."""

import contextlib
import os

import pytest

from projected_grpo.grader.conftest import WRONG, answering
from projected_grpo.grader.inside.filters import DENIED, DENIED_TO_CHILDREN, numbers
from projected_grpo.grader.sandbox import Sandbox


def test_the_limits_are_those_of_the_machine_not_of_the_program(values):
    program = answering("""
        import resource
        lifted = []
        for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_FSIZE"):
            try: resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY,) * 2)
            except (ValueError, OSError): continue
            lifted.append(name)
        return lifted
    """)
    assert values(program) == [[], [], []]


@pytest.mark.parametrize("namespace", ["user", "pid", "net", "ipc", "uts", "mnt"])
def test_the_sandbox_shares_no_namespace_with_the_host(grader, namespace):
    zygote = grader.sandboxes[0].members()[-1]
    ours = os.readlink(f"/proc/self/ns/{namespace}")
    assert os.readlink(f"/proc/{zygote}/ns/{namespace}") != ours


REFUSED_CALLS = numbers(" ".join([*DENIED.values(), DENIED_TO_CHILDREN]))
# What must not be there: an expression that finds it.
SIGHTS = {
    "another process": "[p for p in range(2, 1000) if alive(p)]",
    "/proc": "[p for p in ('/proc', '/sys', '/proc/1', '/proc/self/mem') if os.path.exists(p)]",
    "a file of the host": (
        "[p for p in ('/etc', '/tmp', '/var', '/run', '/dev/shm') if os.path.exists(p)]"
    ),
    "an environment variable of the host": (
        "sorted(set(os.environ) - {'PYTHONHASHSEED', 'PYTHONDONTWRITEBYTECODE', 'PWD', 'LC_CTYPE'})"
    ),
    "a descriptor beyond its own five": "[fd for fd in range(5, 1024) if open_fd(fd)]",
    "a network": (
        "[works(socket.socket), works(socket.socket, socket.AF_UNIX), "
        "works(socket.create_connection, ('127.0.0.1', 1))].count(True)"
    ),
    "a capability or another user": (
        "[works(os.setuid, 0), works(os.chroot, '/'), works(os.setgid, 0)].count(True)"
    ),
    "a program to execute": (
        "[works(os.execv, sys.executable, ['x']), works(os.fork), "
        "works(os.posix_spawn, sys.executable, ['x'], {})].count(True)"
    ),
    "a denied system call that does not end in EPERM": (
        f"[n for n in {REFUSED_CALLS} if failure(n) != errno.EPERM]"
    ),
    "a package installed beside the interpreter": (
        "[f for _, *files in os.walk(os.path.dirname(os.__file__) + '/site-packages')"
        " for f in sum(files, [])]"
    ),
    "a module of the project": (
        "[m for m in ('projected_grpo', 'numpy', 'torch') if works(importlib.import_module, m)]"
    ),
}

SPY = """
import errno, os, sys, socket, ctypes, importlib
libc = ctypes.CDLL(None, use_errno=True)
def failure(n):
    if libc.syscall(n, 0, 0, 0, 0, 0) != -1: return 0
    return ctypes.get_errno()
def works(f, *a):
    try: f(*a)
    except BaseException: return False
    return True
alive = lambda p: works(os.kill, p, 0)
open_fd = lambda fd: works(os.fstat, fd)
class Solution:
    def count(self, nums, k):
        return {expression}
"""


@pytest.mark.parametrize("name", SIGHTS)
def test_a_program_finds_nothing_of(values, name):
    sights = values(SPY.replace("{expression}", SIGHTS[name]))
    assert sights in ([[], [], []], [0, 0, 0])


OPEN_DESCRIPTORS = """import os
for fd in range(1024):
    try: os.fstat(fd)
    except OSError: continue
    print(fd)"""


def test_a_control_socket_of_a_high_number_is_not_left_to_a_program():
    request = {"source": OPEN_DESCRIPTORS, "argv": [], "stdin": ""}
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(open(os.devnull))
        sandbox = Sandbox()
        stack.callback(sandbox.close)
        frame = sandbox.run(request).frames[-1]
    assert frame["stdout"].split() == ["0", "1", "2", "3", "4"]


def test_no_place_in_the_file_system_can_be_written(values):
    program = answering("""
        import os
        written = []
        for folder, folders, files in os.walk("/", onerror=None):
            if folder.count("/") > 2: folders.clear()
            try: open(os.path.join(folder, "left"), "w").close()
            except OSError: continue
            written.append(folder)
        return written
    """)
    assert values(program) == [[], [], []]


def test_the_folder_of_installed_packages_cannot_be_written(values):
    program = answering("""
        import os
        folder = os.path.dirname(os.__file__) + "/site-packages"
        try: open(folder + "/left", "w").close()
        except OSError: return []
        return [folder]
    """)
    assert values(program) == [[], [], []]


def test_flags_left_on_a_descriptor_do_not_reach_the_next_program(values):
    leave = answering("""
        import fcntl, os
        for fd in (0, 1, 2): fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
        return 0
    """)
    look = answering("""
        import fcntl, os
        return [fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND for fd in (0, 1, 2)]
    """)
    values(leave)
    assert values(look) == [[0, 0, 0]] * 3


def test_the_process_that_programs_are_forked_from_never_holds_anything_of_a_program(
    grader, values
):
    mark = "left-" + "behind-by-an-earlier-program"
    values(f"SECRET = '{mark}'\n" + WRONG)
    zygote = grader.sandboxes[0].members()[-1]
    with open(f"/proc/{zygote}/maps") as maps, open(f"/proc/{zygote}/mem", "rb", 0) as memory:
        contents = b""
        for line in maps:
            if " rw" in line:
                start, end = (int(address, 16) for address in line.split()[0].split("-"))
                contents += os.pread(memory.fileno(), end - start, start)
    assert b"bisect_left" in contents
    assert mark.encode() not in contents
