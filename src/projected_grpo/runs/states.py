"""States of a run: what it goes on from when it was killed, and what other runs can start from.

A state holds weights, optimizer, schedule, random numbers, mechanisms and the place in the data, in
states/global_step_<step>/. It is written elsewhere and renamed: a folder of that name is whole.
"""

import json
import shutil
from pathlib import Path

from projected_grpo.runs.files import write_atomic

FOLDER = "states"
# Inside it: what is being written, and what is being removed.
WRITING, REMOVED = ".writing", ".removed"
# Files of a run with a line a step, and the key that holds the step; sync.jsonl begins with 0,
# what vLLM got before the first.
LINES = {"metrics.jsonl": "step", "sync.jsonl": "sync"}


def folder(run: Path, step: int) -> Path:
    """Where the state after the step is, for the run folder at `run`."""
    return run / FOLDER / f"global_step_{step}"


def steps(run: Path) -> list[int]:
    """The steps of the states, in order, of the run folder at `run`."""
    return _steps(run / FOLDER)


def writing(run: Path) -> Path:
    """Where verl writes a state, before `publish`."""
    return run / FOLDER / WRITING


def written(run: Path) -> int | None:
    """The step of what is there of a state that was not published."""
    return max(_steps(writing(run)), default=None)


def publish(run: Path, step: int) -> None:
    """Makes the state that was written, and all else of its step, the one to go on from."""
    (writing(run) / f"global_step_{step}").rename(folder(run, step))


def discard(run: Path) -> None:
    """Removes what is not a state yet, or no more; the folder as well where no state is in it."""
    for name in (WRITING, REMOVED):
        shutil.rmtree(run / FOLDER / name, ignore_errors=True)
    if (run / FOLDER).is_dir() and not steps(run):
        (run / FOLDER).rmdir()


def remove(run: Path, step: int) -> None:
    """In one step for whoever looks for a state."""
    removed = run / FOLDER / REMOVED
    folder(run, step).rename(removed)
    shutil.rmtree(removed)


def trim(run: Path, newest: int, kept: set[int]) -> None:
    """Removes all states but the newest ones, so many, and those of `kept` steps."""
    passing = [step for step in steps(run) if step not in kept]
    for step in passing[:-newest]:
        remove(run, step)


def cut(run: Path, step: int, first: int) -> None:
    """Removes what the run wrote of later steps. first: the number of the first one it took."""
    for name, key in LINES.items():
        if (file := run / name).exists():
            # sync i follows the run's own step i, and the one that follows the last is made anew
            last = step if key == "step" else step - first
            whole, _, _ = file.read_text().rpartition("\n")
            kept = [line for line in whole.splitlines() if json.loads(line)[key] <= last]
            write_atomic(file, "".join(f"{line}\n" for line in kept))
    for file in run.glob("*/[0-9]*.parquet"):
        if int(file.stem) > step:
            file.unlink()


def _steps(folder: Path) -> list[int]:
    return sorted(int(path.name.rpartition("_")[2]) for path in folder.glob("global_step_*"))
