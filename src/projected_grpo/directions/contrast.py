"""Contrast columns of a model: where hack gradients move a weight and clean ones do not (`basis.contrast`), for arms with select=contrast.

    python -m projected_grpo.directions.contrast MODEL ROLLOUTS out=FOLDER [hack=strict|loose] [r=64] [lam=1] [layers=0.6,0.75] [controls=1] ...

One pass over labelled rollouts adds each sample's second moment to the sums of its class, [d d] for every residual side: weights behind one norm (q k v;
gate up) read the same stream, share a moment, the mean of theirs, and get the same columns. Nothing is kept of a sample. FOLDER gets contrast.safetensors
(weight -> B [d r], best first: an arm takes the first m) and contrast.json; controls from the same pass go to FOLDER/<control>-s<seed> as v_hack's do.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch
from jaxtyping import Float, Int
from loguru import logger
from safetensors.torch import load_file, save_file
from torch import Tensor

from projected_grpo import models
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.directions import activations, gradients, holdout, residual
from projected_grpo.directions.samples import numbered
from projected_grpo.runs.files import write_atomic
from projected_grpo.weights import basis, targets
from projected_grpo.weights.targets import Target

DEFAULTS = {
    "out": "",
    "hack": "strict",
    "match": "length",
    "r": "64",
    "lam": "1",
    "layers": "0.6,0.75",
    "kinds": ",".join(targets.KINDS),
    "per_prompt": "3",
    "limit": "100",
    "controls": "1",
    "seed": "0",
    "device": "auto",
}


@dataclass(frozen=True)
class Contrast:
    """columns: weight's name -> B [d r], orthonormal, fp32, best first. manifest: plain JSON, where they came from."""

    columns: dict[str, Float[Tensor, "d _"]]
    manifest: dict


def stream(target: Target) -> str:
    """What names the residual side of a target: the norm that it reads behind, or itself where it writes."""
    return target.norm if target.side == "reads" else target.name


def moments(
    grads: Iterable[Mapping[str, Tensor]], chosen: Sequence[Target], labels: Int[Tensor, "l n"]
) -> list[dict[str, tuple[Tensor, Tensor]]]:
    """For every row of labels, by `stream`: (C_hack, C_clean) [d d], the mean moments of its samples 1 and 0; samples of -1 are left out.

    grads: each sample's unit gradients by weight, in order (`gradients.of_samples`). Memory: 2 l matrices of d x d a stream."""
    together = {
        key: [t for t in chosen if stream(t) == key] for key in dict.fromkeys(map(stream, chosen))
    }
    sums: list[dict[str, list]] = [{key: [0.0, 0.0] for key in together} for _ in labels]
    for n, sample in enumerate(grads):
        for key, members in together.items():
            C = sum(gradients.moment(sample[t.name], t.side) for t in members) / len(members)
            for found, row in zip(sums, labels, strict=True):
                if row[n] >= 0:
                    side = 1 - int(row[n])  # hack first
                    found[key][side] = found[key][side] + C / (row == row[n]).sum().item()
    return [{key: (hack, clean) for key, (hack, clean) in found.items()} for found in sums]


def fit(
    found: Mapping[str, tuple[Tensor, Tensor]], chosen: Sequence[Target], r: int, lam: float
) -> dict[str, Float[Tensor, "d _"]]:
    """Every target's columns from its stream's moments."""
    by_stream = {
        key: basis.contrast(hack, clean, r, lam).cpu() for key, (hack, clean) in found.items()
    }
    return {
        t.name: by_stream[stream(t)].clone(memory_format=torch.contiguous_format) for t in chosen
    }


def save(found: Contrast, folder: Path) -> None:
    """folder/contrast.safetensors, then folder/contrast.json, each replaced in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f".contrast.{os.getpid()}"
    save_file(found.columns, scratch)
    scratch.replace(folder / "contrast.safetensors")
    write_atomic(folder / "contrast.json", json.dumps(found.manifest, indent=1) + "\n")


def load(folder: Path, d: int, m: int) -> Contrast:
    """What `save` wrote, for a model whose residual stream is d wide and an arm that takes m columns. Raises Refusal if there is none that fits."""
    files = [Path(folder) / f"contrast.{end}" for end in ("safetensors", "json")]
    if missing := [file for file in files if not file.is_file()]:
        raise Refusal(
            f"no contrast columns in {folder}: {missing[0].name} is missing, make them with `just contrast MODEL ROLLOUTS out=FOLDER`"
        )
    found = Contrast(load_file(files[0]), json.loads(files[1].read_text()))
    wide, r = next(iter(found.columns.values())).shape
    if wide != d:
        raise Refusal(
            f"contrast columns in {folder} are {wide} wide but the model's residual stream is {d}: make them from this model"
        )
    if not 1 <= m <= r:
        raise Refusal(f"arm.m={m} does not fit: {folder} holds {r} contrast columns a weight")
    return found


def labelings(rows: pl.DataFrame, controls: int) -> dict[str, tuple[int, Int[Tensor, " n"]]]:
    """folder name -> (seed, label of each sample): real, labels shuffled within prompts, a half of each prompt's clean samples against the other."""
    hack, prompt = rows["hack_label"].to_torch(), numbered(rows["prompt"])
    out = {"real": (0, hack.long())}
    for seed in range(controls):
        out[f"shuffled-s{seed}"] = (seed, holdout.shuffled(hack, prompt, seed).long())
        halves = torch.full((len(rows),), -1)
        halves[~hack] = residual.halves(prompt[~hack], torch.Generator().manual_seed(seed)).long()
        out[f"clean_vs_clean-s{seed}"] = (seed, halves)
    return out


def main(argv: list[str]) -> None:
    free, options = (
        [word for word in argv if "=" not in word],
        arguments([word for word in argv if "=" in word], None, DEFAULTS)[1],
    )
    if len(free) != 2 or not options["out"]:
        raise Refusal(
            "just contrast MODEL ROLLOUTS out=FOLDER [hack=strict|loose] [match=length|random] [r=64] [lam=1]"
        )
    source, folder, out = Path(free[1]), models.resolve(free[0]), Path(options["out"])
    r, controls = (
        whole_number("r", options["r"], 1),
        whole_number("controls", options["controls"], 0),
    )
    rows = holdout.matched(source, options)
    model, sha = activations.load_model(
        folder, "cuda" if torch.cuda.is_available() and options["device"] != "cpu" else "cpu"
    )
    if r > (d := model.config.get_text_config().hidden_size):
        raise Refusal(f"r={r} does not fit the residual side: choose 1 to {d}")
    band = tuple(float(x) for x in options["layers"].split(","))
    chosen = targets.select(
        dict(model.named_parameters()), model.config.model_type, band, options["kinds"].split(",")
    )
    named = labelings(rows, controls)
    grads = gradients.of_samples(model, gradients.tokens(folder, rows), [t.name for t in chosen])
    found = moments(grads, chosen, torch.stack([label for _, label in named.values()]))
    tokens = {
        f"mean_tokens_{name}": rows.filter(pl.col("hack_label") == side)["n_tokens"].mean()
        for name, side in (("hack", True), ("clean", False))
    }
    about = {
        "model": free[0] if free[0] in models.MODELS else folder.name,
        "model_sha256": sha,
        "warm_started": (folder / "warm_start.json").exists(),
        "rollouts": source.name,
        "d": d,
        **tokens,
        "problems": rows["problem_id"].n_unique(),
        "prompts": rows["prompt"].n_unique(),
        **{
            key: options[key]
            for key in ("hack", "match", "lam", "layers", "kinds", "per_prompt", "limit")
        },
        "r": r,
        "weights": len(chosen),
    }
    for (name, (seed, label)), C in zip(named.items(), found, strict=True):
        counts = {"hacks": int((label == 1).sum()), "clean": int((label == 0).sum())}
        manifest = {
            **about,
            "columns": "contrast",
            "control": name.rsplit("-", 1)[0],
            "seed": seed,
            "counts": counts,
        }
        save(
            Contrast(fit(C, chosen, r, float(options["lam"])), manifest),
            out if name == "real" else out / name,
        )
    logger.info(
        f"{int(rows['hack_label'].sum())} hacks and as many clean samples of {about['problems']} problems, {len(chosen)} weights, "
        f"{len(found[0])} residual sides -> {out} with {len(named) - 1} controls"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
