"""Contrast columns of a model, for arms with select=contrast.

    python -m projected_grpo.directions.contrast_command MODEL ROLLOUTS out=FOLDER
        [hack=blatant|strict|loose] [r=64] [lam=1] [layers=0.6,0.75] [placebos=1] ...

One pass over labelled rollouts. FOLDER gets contrast.safetensors and contrast.json (`files`);
placebos from the same pass go to FOLDER/<placebo>-s<seed>, as v_hack's do.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import torch
from loguru import logger

from projected_grpo import models
from projected_grpo.cli import Refusal, whole_number
from projected_grpo.directions import (
    activations,
    command_line,
    contrast,
    fitted,
    gradients,
    holdout,
)
from projected_grpo.directions.files import Columns, write_columns
from projected_grpo.weights import targets

# placebos: of each, with the seeds 1 to that number. projections: roles of weights.
DEFAULTS = {
    "out": "",
    "hack": "blatant",
    "match": "length",
    "r": "64",
    "lam": "1",
    "layers": "0.6,0.75",
    "projections": ",".join(targets.PROJECTIONS),
    "per_prompt": "3",
    "limit": "100",
    "placebos": "1",
    "seed": "0",
    "device": "auto",
}
USAGE = (
    "just contrast MODEL ROLLOUTS out=FOLDER [hack=blatant|strict|loose] [match=length|random] "
    "[r=64] [lam=1]"
)


def provenance(rows: pl.DataFrame, options: Mapping[str, str]) -> dict:
    """What the manifest says of the samples and of the options."""
    mean_tokens = {}
    for name, of_class in (("hack", rows.filter("hack")), ("clean", rows.filter(~pl.col("hack")))):
        mean_tokens[f"mean_tokens_{name}"] = of_class["n_tokens"].mean()
    options_shown = ("hack", "match", "lam", "layers", "projections", "per_prompt", "limit")
    return {
        **mean_tokens,
        "problems": rows["problem_id"].n_unique(),
        "prompts": rows["prompt"].n_unique(),
        **{key: options[key] for key in options_shown},
    }


def main(argv: list[str]) -> None:
    name, rollouts, options = command_line.model_and_rollouts(argv, DEFAULTS, USAGE)
    folder, source, out = models.resolve(name), Path(rollouts), Path(options["out"])
    r = whole_number("r", options["r"], 1)
    n_placebos = whole_number("placebos", options["placebos"], 0)
    band = tuple(command_line.floats(options["layers"]))
    projections = options["projections"].split(",")
    rows = holdout.matched(source, options)

    device = command_line.device(options["device"])
    model, sha256 = activations.load_model(folder, device)
    d = model.config.get_text_config().hidden_size
    if r > d:
        raise Refusal(f"r={r} does not fit the residual side: choose 1 to {d}")
    chosen = targets.select(
        dict(model.named_parameters()),
        model.config.model_type,
        band,
        projections=projections,
    )

    labelings = contrast.labelings(rows, n_placebos)
    tokens = activations.tokens(folder, rows["prompt"], rows["response"], rows["finish"])
    grads = gradients.of_samples(model, tokens, [t.name for t in chosen])
    labels = torch.stack([labeling.label for labeling in labelings.values()])
    moments = contrast.moments(grads, chosen, labels)

    about = {
        "model": name if name in models.MODELS else folder.name,
        "model_sha256": sha256,
        "taught": (folder / "taught.json").exists(),
        "rollouts": source.name,
        "d": d,
        **provenance(rows, options),
        "r": r,
        "weights": len(chosen),
        "columns": "contrast",
    }
    for (subfolder, labeling), of_streams in zip(labelings.items(), moments, strict=True):
        label = labeling.label
        manifest = {
            **about,
            "placebo": labeling.placebo,
            "seed": labeling.seed,
            "counts": {"hacks": int((label == 1).sum()), "clean": int((label == 0).sum())},
        }
        columns = contrast.fit(of_streams, chosen, r, float(options["lam"]))
        write_columns(Columns(columns, manifest), out / subfolder if labeling.placebo else out)
    fitted.write(rows["problem_id"], out)
    logger.info(
        f"{int(rows['hack'].sum())} hacks and as many clean samples of {about['problems']} "
        f"problems, {len(chosen)} weights, {len(moments[0])} residual sides -> {out} with "
        f"{len(labelings) - 1} placebos"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
