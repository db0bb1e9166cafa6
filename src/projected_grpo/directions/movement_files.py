"""Sets of movements on disk: movements.safetensors (a weight's name|field -> tensor) and .json.

Columns of one side have files of their own (`files.write_columns`), which arms with
columns=prepared read; where there are no others, `read` gives them as sets.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from projected_grpo.cli import Refusal
from projected_grpo.directions import files, placebos
from projected_grpo.runs.files import replacing, write_atomic
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Cell, Columns, Diagonal, Matrix, Movements

FORMS = {"cell": Cell, "diagonal": Diagonal, "matrix": Matrix}
REMEDY = "make them with `just columns MODEL ROLLOUTS recipe=... out=FOLDER`"


@dataclass(frozen=True)
class Sets:
    """of: by a weight's name. norms: of D_hack there. manifest: plain JSON, with form, recipe."""

    of: dict[str, Movements]
    norms: dict[str, float]
    manifest: dict


def write(sets: Sets, folder: Path) -> None:
    """folder/movements.safetensors, then folder/movements.json, each replaced in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {}
    for name, one in sets.of.items():
        for field in fields(one):
            tensors[f"{name}|{field.name}"] = getattr(one, field.name).cpu().contiguous()
    with replacing(folder / "movements.safetensors") as scratch:
        save_file(tensors, scratch)
    text = json.dumps(sets.manifest | {"norms": sets.norms}, indent=1)
    write_atomic(folder / "movements.json", text + "\n")


def manifest(folder: Path) -> dict:
    """Raises Refusal where there is none."""
    file, columns = folder / "movements.json", folder / "contrast.json"
    if file.is_file():
        return json.loads(file.read_text())
    if columns.is_file():
        return json.loads(columns.read_text()) | {"form": "columns", "norms": {}}
    raise Refusal(f"no movements in {folder}: {placebos.remedy(folder, REMEDY)}")


def read(folder: Path, sides: Mapping[str, Side]) -> Sets:
    """What `write` wrote; of columns, those of the weights in `sides`, without norms.

    Raises Refusal where there is nothing.
    """
    about = manifest(folder)
    norms = about.pop("norms")
    if about["form"] == "columns":
        held = files.read_columns(folder, about["d"], 0).columns
        of = {name: Columns(held[name], side) for name, side in sides.items() if name in held}
        return Sets(of, norms, about)
    form = FORMS[about["form"]]
    by_weight: dict[str, dict[str, Tensor]] = {}
    for key, tensor in load_file(folder / "movements.safetensors").items():
        name, _, field = key.partition("|")
        by_weight.setdefault(name, {})[field] = tensor
    return Sets({name: form(**parts) for name, parts in by_weight.items()}, norms, about)


def form_of(sets: Mapping[str, Movements]) -> str:
    """The name of the sets' form."""
    one = next(iter(sets.values()))
    return next(name for name, form in FORMS.items() if isinstance(one, form))
