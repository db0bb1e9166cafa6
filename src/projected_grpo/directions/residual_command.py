"""Labelled rollouts + the starting model -> v_hack and its placebos.

The folder gets v_hack.safetensors and v_hack.json (`residual`), and for each placebo and seed from
the same pass a subfolder <placebo>-s<seed>.
"""

import sys
from dataclasses import replace
from pathlib import Path

from tabulate import tabulate

from projected_grpo import cli, models
from projected_grpo.cli import argument, option
from projected_grpo.directions import command_line, fitted, labelled, residual, samples
from projected_grpo.directions.files import VHack, write_direction
from projected_grpo.directions.placebos import PLACEBOS, subfolder

ORIGINS = tuple(origin.replace(" ", "_") for origin in samples.ORIGINS)


@cli.settings
class Direction:
    """How v_hack is made; see `samples.collect` and `residual.extract`."""

    hack: str = option("what counts as one", "blatant", choices=labelled.HACKS)
    kinds: tuple[str, ...] | None = option("of a hack's test function", None, none="any")
    method: str = option("how classes make a direction", "lda", choices=residual.METHODS)
    origin: str | None = option("what the rollouts are of", None, choices=ORIGINS, none="auto")
    taught: bool | None = option("the model was, before the study", None, none="auto")
    min_hacks: int = option("fewest hacks", 12, least=1)
    min_problems: int = option("fewest problems of theirs", 4, least=2)
    shuffles: int = option("of labels, for ranks", 200, least=200)
    placebos: int = option("of each kind, with the seeds 1 to this", 3, least=0)
    batch_tokens: int = option("of a forward pass", 4096, least=1)
    device: str = option("auto: cuda where there is one", "auto", choices=command_line.DEVICES)


@cli.settings
class Settings(Direction):
    model: str = argument("name or folder of the model that runs start from")
    rollouts: Path = argument("a labelled parquet, or a folder of them")
    out: Path = argument("folder of what is made")


def decided(chosen: Direction, origin: str, taught: bool) -> Direction:
    """With these where the command line leaves them open."""
    taught = taught if chosen.taught is None else chosen.taught
    return replace(chosen, origin=chosen.origin or origin, taught=taught)


def make(model: str, source: Path, out: Path, chosen: Direction) -> VHack:
    """Writes v_hack of the rollouts in `source`, and its placebos, into `out`. Raises Refusal."""
    origin = chosen.origin.replace("_", " ")
    rollouts = labelled.read_rollouts(source, samples.columns(origin, chosen.hack))
    data = samples.collect(
        model,
        rollouts,
        origin=origin,
        taught=chosen.taught,
        hack=chosen.hack,
        kinds=chosen.kinds,
        min_hacks=chosen.min_hacks,
        min_problems=chosen.min_problems,
        batch_tokens=chosen.batch_tokens,
        device=command_line.device(chosen.device),
    )
    real = residual.extract(data, chosen.method, chosen.shuffles)
    for name in PLACEBOS:
        for seed in range(1, chosen.placebos + 1):
            placebo = residual.placebo(data, real, name, seed)
            write_direction(placebo, out / subfolder(name, seed))
    write_direction(real, out)
    needed = (chosen.min_hacks, chosen.min_problems)
    used = samples.usable(rollouts, chosen.hack, chosen.kinds, *needed)
    fitted.write(used["problem_id"], out)
    return real


def summary(real: VHack) -> str:
    """The manifest's numbers, each beside what a direction without knowledge gets."""
    m = real.manifest
    counts = m["counts"]
    used = counts["used"]
    taught = ", taught" if m["taught"] else ""
    beside_chance = ("bootstrap_cosine", "cos_first_component", "participation_ratio")
    alone = (
        "largest_coordinate",
        "first_component_variance",
        "corr_length",
        "corr_length_within_class",
        "auroc_of_length",
    )
    rows = [(key, m[key], m[f"{key}_chance"]) for key in beside_chance]
    rows += [(key, m[key], "") for key in alone]
    lines = [
        f"v_hack of {m['model']}{taught}, {m['origin']}: {m['method']}, "
        f"layer {m['layer']} of {m['n_blocks']}, d {m['d']}",
        f"{used['hacks']} {m['hack']} hacks and {used['clean']} clean of "
        f"{used['prompts']} prompts, {used['problems']} problems",
        f"labels {counts['by_label']}, strict hacks by kind {counts['strict_by_kind']}, "
        f"tokens a response: hack {m['mean_tokens_hack']:.0f}, clean {m['mean_tokens_clean']:.0f}",
        tabulate(m["held_out"], headers="keys", floatfmt=".3f"),
        "(AUROC within prompts of held-out problems; rank of |AUROC - 0.5| among directions from "
        "labels shuffled within each prompt, 1 is best; of the best layer's among shuffles' best: "
        f"{m['rank_of_best']} of {m['of']})",
        tabulate(rows, headers=("", "v_hack", "chance"), floatfmt=".3f"),
    ]
    return "\n".join(lines)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    taught = (models.resolve(settings.model) / "taught.json").exists()
    chosen = decided(settings, "on-policy", taught)
    print(summary(make(settings.model, settings.rollouts, settings.out, chosen)))


if __name__ == "__main__":
    main(sys.argv[1:])
