"""Rounds that a command adds to a study: outputs/<study>/added.json, read after the file."""

import json
from collections.abc import Sequence
from pathlib import Path

from projected_grpo.cli import Refusal


def path(folder: Path) -> Path:
    return folder / "added.json"


def seeds(folder: Path) -> list[int]:
    """Those added to the study of that folder, in order."""
    file = path(folder)
    return json.loads(file.read_text())["seeds"] if file.is_file() else []


def add(folder: Path, there: Sequence[int], new: Sequence[int]) -> None:
    """Records further seeds beside those that are there.

    Raises Refusal for one that is there, for a study of branch points, and where a set was made
    with controls for fewer seeds.
    """
    if not there:
        raise Refusal("a branch gives its runs their seeds: raise branch.points in the file")
    for i, seed in enumerate(new):
        if seed in (*there, *new[:i]):
            raise Refusal(f"seed {seed} is there already: name others")
    _refuse_without_controls(folder, max(new))
    folder.mkdir(parents=True, exist_ok=True)
    path(folder).write_text(json.dumps({"seeds": [*seeds(folder), *new]}) + "\n")


def _refuse_without_controls(folder: Path, seed: int) -> None:
    for made in sorted((folder / "sets").glob("*/")):
        drawn = [int(control.name.rpartition("-s")[2]) for control in made.glob("*-s[0-9]*/")]
        if drawn and max(drawn) < seed:
            raise Refusal(
                f"{made} has controls of seeds up to {max(drawn)}, not of {seed}: "
                "move it away, and the next call makes it anew"
            )
