"""Which problems a direction or columns were fitted on: problems.json beside them.

Placebos in subfolders are of the same pass and the same problems.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from projected_grpo.cli import Refusal
from projected_grpo.directions import labelled
from projected_grpo.runs.files import write_atomic

NAME = "problems.json"


def write(ids: Iterable[str], folder: Path) -> None:
    """folder/problems.json, replaced in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / NAME, json.dumps(sorted(set(ids))) + "\n")


def knows(folder: Path) -> bool:
    """Whether the folder says so; those made by an older version do not."""
    return (folder / NAME).is_file()


def problem_ids(place: Path) -> set[str]:
    """Of a folder with directions or columns, or all of a rollouts parquet. Raises Refusal."""
    if knows(place):
        return set(json.loads((place / NAME).read_text()))
    if place.suffix == ".parquet":
        return set(labelled.read_rollouts(place, ("problem_id",))["problem_id"])
    raise Refusal(
        f"{place} does not say which problems it was fitted on: make it again with `just extract`, "
        "`just contrast` or `just columns`, or name the parquet of its rollouts instead"
    )
