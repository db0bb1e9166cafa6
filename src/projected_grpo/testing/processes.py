"""A command as a process of its own, forked from one that has imported what tests need."""

import multiprocessing
import os
import runpy
import sys
from pathlib import Path
from subprocess import CompletedProcess


def run(folder: Path, module: str, *arguments: str) -> CompletedProcess:
    """`python -m module arguments`, whose stdout and stderr are files of the folder meanwhile."""
    files = folder / "stdout", folder / "stderr"
    forks = multiprocessing.get_context("forkserver")
    process = forks.Process(target=_become, args=(files, module, arguments))
    process.start()
    process.join()
    shown = [file.read_text() for file in files]
    for file in files:
        file.unlink()
    return CompletedProcess([module, *arguments], process.exitcode, *shown)


def _become(files: tuple[Path, Path], module: str, arguments: tuple[str, ...]) -> None:
    for descriptor, path in enumerate(files, 1):
        with path.open("w") as file:
            os.dup2(file.fileno(), descriptor)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)
