"""Contrast columns of a model, for arms with select=contrast, from one pass over its rollouts.

The folder gets contrast.safetensors and contrast.json (`files`); placebos from the same pass go to
<placebo>-s<seed> in it, as v_hack's do.
"""

import polars as pl
import torch

from projected_grpo import cli, console, models
from projected_grpo.cli import Refusal, option
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


@cli.settings
class Settings(holdout.Matching, command_line.OfWeights):
    r: int = option("columns a weight", 64, least=1)
    lam: float = option("λ: how much of the identity is added to clean moments", 1.0, least=0)
    placebos: int = option("of each kind, with the seeds 1 to this", 1, least=0)


def provenance(rows: pl.DataFrame, settings: Settings) -> dict:
    """What the manifest says of the samples and of the settings."""
    mean_tokens = {}
    for name, of_class in (("hack", rows.filter("hack")), ("clean", rows.filter(~pl.col("hack")))):
        mean_tokens[f"mean_tokens_{name}"] = of_class["n_tokens"].mean()
    shown = ("hack", "match", "lam", "layers", "projections", "per_prompt", "limit")
    return {
        **mean_tokens,
        "problems": rows["problem_id"].n_unique(),
        "prompts": rows["prompt"].n_unique(),
        **{key: cli.as_text(getattr(settings, key)) for key in shown},
    }


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    name, r, out = settings.model, settings.r, settings.out
    folder = models.resolve(name)
    rows = holdout.matched(settings.rollouts, settings)

    console.log_to(out / "log.txt")
    device = command_line.device(settings.device)
    model, sha256 = activations.load_model(folder, device)
    d = model.config.get_text_config().hidden_size
    if r > d:
        raise Refusal(f"r={r} does not fit the residual side: choose 1 to {d}")
    chosen = targets.select(
        dict(model.named_parameters()),
        model.config.model_type,
        settings.layers,
        projections=settings.projections,
    )

    labelings = contrast.labelings(rows, settings.placebos)
    tokens = activations.tokens(folder, rows["prompt"], rows["response"], rows["finish"])
    grads = gradients.of_samples(model, tokens, [t.name for t in chosen])
    labels = torch.stack([labeling.label for labeling in labelings.values()])
    moments = contrast.moments(grads, chosen, labels)

    about = {
        "model": name if name in models.MODELS else folder.name,
        "model_sha256": sha256,
        "taught": (folder / "taught.json").exists(),
        "rollouts": settings.rollouts.name,
        "d": d,
        **provenance(rows, settings),
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
        columns = contrast.fit(of_streams, chosen, r, settings.lam)
        write_columns(Columns(columns, manifest), out / subfolder if labeling.placebo else out)
    fitted.write(rows["problem_id"], out)
    console.say(
        f"{int(rows['hack'].sum())} hacks and as many clean samples of {about['problems']} "
        f"problems, {len(chosen)} weights, {len(moments[0])} residual sides -> {out} with "
        f"{len(labelings) - 1} placebos"
    )


if __name__ == "__main__":
    console.command(main)
