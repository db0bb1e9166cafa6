"""Directions and columns on disk.

A folder has v_hack.safetensors (v [d]) and v_hack.json, or contrast.safetensors (a weight's name ->
B [d r], best first) and contrast.json. The JSON says where they came from. Placebos lie in
subfolders (`placebos.subfolder`) of the same make.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from projected_grpo.cli import Refusal
from projected_grpo.directions import placebos
from projected_grpo.runs.files import replacing, write_atomic


@dataclass(frozen=True)
class VHack:
    """v [d]: unit, fp32. layer: it lives in the residual stream after that many blocks.

    manifest: plain JSON.
    """

    v: Float[Tensor, " d"]
    layer: int
    manifest: dict


@dataclass(frozen=True)
class Columns:
    """columns: a weight's name -> B [d r], orthonormal, fp32, best first; an arm takes the first m.

    manifest: plain JSON.
    """

    columns: dict[str, Float[Tensor, "d _"]]
    manifest: dict


def write_direction(v_hack: VHack, folder: Path) -> None:
    """folder/v_hack.safetensors, then folder/v_hack.json, each replaced in one step."""
    _write({"v": v_hack.v.contiguous()}, v_hack.manifest, folder, "v_hack")


def read_direction(folder: Path, d: int) -> VHack:
    """What `write_direction` wrote, for a model whose residual stream is d wide.

    Raises Refusal if there is none that fits.
    """
    tensors_file, manifest_file = _files(folder, "v_hack")
    for file in (tensors_file, manifest_file):
        if not file.is_file():
            remedy = placebos.remedy(Path(folder), "extract it first")
            raise Refusal(f"no v_hack in {folder}: {file.name} is missing, {remedy}")
    try:
        v = load_file(tensors_file)["v"]
        manifest = json.loads(manifest_file.read_text())
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise Refusal(f"v_hack in {folder} is damaged, extract it again: {error}") from None
    if v.shape != (d,):
        raise Refusal(
            f"v_hack in {folder} is {v.numel()} wide but the model's residual stream is {d}: "
            "extract it from this model"
        )
    return VHack(v, manifest["layer"], manifest)


def write_columns(columns: Columns, folder: Path) -> None:
    """folder/contrast.safetensors, then folder/contrast.json, each replaced in one step."""
    _write(columns.columns, columns.manifest, folder, "contrast")


def read_columns(folder: Path, d: int, m: int) -> Columns:
    """What `write_columns` wrote, for a residual stream d wide and an arm that takes m columns.

    Raises Refusal if there is none that fits.
    """
    tensors_file, manifest_file = _files(folder, "contrast")
    for file in (tensors_file, manifest_file):
        if not file.is_file():
            real = "make them with `just columns` or `just contrast MODEL ROLLOUTS out=FOLDER`"
            remedy = placebos.remedy(Path(folder), real)
            raise Refusal(f"no contrast columns in {folder}: {file.name} is missing, {remedy}")
    columns = load_file(tensors_file)
    width, r = next(iter(columns.values())).shape
    if width != d:
        raise Refusal(
            f"contrast columns in {folder} are {width} wide but the model's residual stream is "
            f"{d}: make them from this model"
        )
    if not 0 <= m <= r:
        raise Refusal(
            f"m={m} does not fit: {folder} holds {r} contrast columns a weight; take fewer, or "
            "make more with r= (r_controls= for `just columns`' controls)"
        )
    return Columns(columns, json.loads(manifest_file.read_text()))


def refuse_uncovered(
    manifest: Mapping[str, Any], layers: tuple[float, float], projections: Iterable[str]
) -> None:
    """Refusal where an arm acts on weights that a recipe was not asked for.

    manifest: layers and projections as the command that made it was given them. One that has none
    is let through: `attach` refuses by the weight's name.
    """
    if "layers" not in manifest:
        return
    low, high = (float(end) for end in manifest["layers"].split(","))
    if not low <= layers[0] <= layers[1] <= high:
        raise Refusal(
            f"layers={list(layers)} are not all there: these were made with "
            f"layers={manifest['layers']}; choose a band inside it, or make them anew"
        )
    made = manifest["projections"].split(",")
    if missing := [name for name in projections if name not in made]:
        raise Refusal(
            f"projections={','.join(missing)} are not there: these were made with "
            f"projections={manifest['projections']}; leave them out, or make them anew"
        )


def _files(folder: Path, name: str) -> tuple[Path, Path]:
    return Path(folder) / f"{name}.safetensors", Path(folder) / f"{name}.json"


def _write(tensors: dict[str, Tensor], manifest: dict, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tensors_file, manifest_file = _files(folder, name)
    with replacing(tensors_file) as scratch:
        save_file(tensors, scratch)
    write_atomic(manifest_file, json.dumps(manifest, indent=1) + "\n")
