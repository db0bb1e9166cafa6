"""Labelled rollouts + the starting model -> v_hack and its placebos.

    python -m projected_grpo.directions.residual_command MODEL ROLLOUTS OUT [key=value ...]

ROLLOUTS is a graded parquet or a folder of them. OUT gets v_hack.safetensors and v_hack.json
(`residual`), and for each placebo and seed from the same pass a subfolder <placebo>-s<seed>.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from projected_grpo import models
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.directions import command_line, fitted, labelled, residual, samples
from projected_grpo.directions.files import VHack, write_direction
from projected_grpo.directions.placebos import PLACEBOS, subfolder

# kinds: of a hack's test function; empty, any. placebos: of each, with the seeds 1 to that number.
# taught: empty, as the model's folder says.
DEFAULTS = {
    "hack": "blatant",
    "kinds": "",
    "method": "lda",
    "origin": "on-policy",
    "taught": "",
    "min_hacks": "12",
    "min_problems": "4",
    "shuffles": "200",
    "placebos": "3",
    "batch_tokens": "4096",
    "device": "auto",
}
CHOICES = {
    "hack": labelled.HACKS,
    "origin": samples.ORIGINS,
    "method": residual.METHODS,
    "taught": ("true", "false"),
    "device": ("auto", "cpu", "cuda"),
}


@dataclass(frozen=True)
class Settings:
    """The options as what they mean; see `samples.collect` and `residual.extract`."""

    hack: str
    kinds: tuple[str, ...] | None
    method: str
    origin: str
    taught: bool
    min_hacks: int
    min_problems: int
    shuffles: int
    placebos: int
    batch_tokens: int
    device: str


def settings(options: Mapping[str, str]) -> Settings:
    """From options with the keys of DEFAULTS. Raises Refusal for a value that does not fit."""
    words = {**options, "origin": options["origin"].replace("_", " ")}
    for key, known in CHOICES.items():
        if words[key] not in known:
            raise Refusal(f"{key}={words[key]}: expected one of {', '.join(known)}")
    return Settings(
        hack=words["hack"],
        kinds=tuple(words["kinds"].split(",")) if words["kinds"] else None,
        method=words["method"],
        origin=words["origin"],
        taught=words["taught"] == "true",
        min_hacks=whole_number("min_hacks", words["min_hacks"], 1),
        min_problems=whole_number("min_problems", words["min_problems"], 2),
        shuffles=whole_number("shuffles", words["shuffles"], 200),
        placebos=whole_number("placebos", words["placebos"], 0),
        batch_tokens=whole_number("batch_tokens", words["batch_tokens"], 1),
        device=command_line.device(words["device"]),
    )


def make(model: str, source: Path, out: Path, chosen: Settings) -> VHack:
    """Writes v_hack of the rollouts in `source`, and its placebos, into `out`. Raises Refusal."""
    rollouts = labelled.read_rollouts(source, samples.columns(chosen.origin, chosen.hack))
    data = samples.collect(
        model,
        rollouts,
        origin=chosen.origin,
        taught=chosen.taught,
        hack=chosen.hack,
        kinds=chosen.kinds,
        min_hacks=chosen.min_hacks,
        min_problems=chosen.min_problems,
        batch_tokens=chosen.batch_tokens,
        device=chosen.device,
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
    if len(argv) < 3:
        raise Refusal(f"expected MODEL ROLLOUTS OUT [{'=] ['.join(DEFAULTS)}=]")
    model, source, out = argv[:3]
    _, options = arguments(argv[3:], None, DEFAULTS)
    taught = (models.resolve(model) / "taught.json").exists()
    options["taught"] = options["taught"] or str(taught).lower()
    print(summary(make(model, Path(source), Path(out), settings(options))))


if __name__ == "__main__":
    main(sys.argv[1:])
