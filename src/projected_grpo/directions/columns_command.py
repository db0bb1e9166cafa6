"""Sets of movements from gradients of labelled pairs, by a recipe, with controls.

    python -m projected_grpo.directions.columns_command MODEL ROLLOUTS out=FOLDER recipe=signed
        [r=64] [limit=1000] [placebos=1] [controls=shuffled,clean_vs_clean,haar] ...

One-sided sets go to contrast.safetensors and .json (arm=contrast and its kin, columns=prepared),
others to movements.safetensors and .json (mechanism hold). FOLDER/<control>-s<seed> holds controls
of the same form and rank, a draw a seed: from signs flipped within the same pairs (shuffled), from
pairs of clean samples of the same prompts (clean_vs_clean), and random (haar).
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import polars as pl
import torch
from jaxtyping import Float
from loguru import logger
from torch import Tensor, nn

from projected_grpo import models
from projected_grpo.cli import Refusal, whole_number
from projected_grpo.directions import (
    activations,
    command_line,
    files,
    haar,
    labelled,
    movement_files,
    pair_gradients,
    pairs,
    placebos,
    recipes,
)
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights import sets, targets

# limit: pairs of a class. placebos: seeds 1 to that number. gigabytes: for sums of gradients, auto
# for what the machine has.
DEFAULTS = {
    "out": "",
    "recipe": "signed",
    "r": "64",
    "layers": "0,1",
    "projections": ",".join(targets.PROJECTIONS),
    "limit": "1000",
    "placebos": "1",
    "controls": ",".join(placebos.PLACEBOS),
    "gigabytes": "auto",
    "seed": "0",
    "device": "auto",
}
USAGE = "just columns MODEL ROLLOUTS out=FOLDER recipe=NAME [r=64] [limit=1000] [placebos=1]"


def read_pairs(
    source: Path, classes: Sequence[str], limit: int, seed: int
) -> dict[str, pl.DataFrame]:
    """By class. clean: of the prompts that hacks have, as many pairs. Raises Refusal."""
    rollouts = labelled.read_rollouts(source, pairs.COLUMNS)
    by_class = {}
    for of in classes:
        if of == "clean":
            hacks = by_class["hack"]
            same = rollouts.filter(pl.col("prompt").is_in(hacks["prompt"].unique().to_list()))
            by_class[of] = pairs.matched(same, of, len(hacks) // 2, seed)
        else:
            by_class[of] = pairs.matched(rollouts, of, limit, seed)
        if by_class[of].is_empty():
            raise Refusal(f"{source} has no pair of the class {of}: sample more")
    return by_class


@dataclass(frozen=True)
class Draw:
    """Where a folder of sets comes from. placebo: None for the real labels. of: whose D the recipe
    takes for D_hack, with the signs that `seed` draws, 0 for those of the labels.
    """

    placebo: str | None
    of: str | None
    seed: int

    @property
    def place(self) -> str:
        return placebos.subfolder(self.placebo, self.seed) if self.placebo else ""


REAL = Draw(None, "hack", 0)
FLIPPED = {"shuffled": "hack", "clean_vs_clean": "clean", "haar": None}


def draws(controls: str, seeds: range) -> list[Draw]:
    """REAL first. Raises Refusal for a control that is not there."""
    names = [name for name in controls.split(",") if name]
    if unknown := sorted(set(names) - set(FLIPPED)):
        raise Refusal(f"unknown controls={unknown[0]}: choose from {', '.join(FLIPPED)}")
    return [REAL, *(Draw(name, FLIPPED[name], seed) for name in names for seed in seeds)]


def coefficients(n: int, seeds: Sequence[int]) -> Float[Tensor, "s n"]:
    """Of n pairs' mean, a row a seed: 0, as they are labelled, others with a drawn sign each."""
    rows = []
    for seed in seeds:
        drawn = torch.randint(2, (n,), generator=torch.Generator().manual_seed(seed)) * 2.0 - 1
        rows.append(drawn if seed else torch.ones(n))
    return torch.stack(rows) / n


def fitted(
    model: nn.Module,
    recipe: ModuleType,
    r: int,
    chosen: Sequence[targets.Target],
    samples: Mapping[str, list],
    drawn: Sequence[Draw],
    gigabytes: str,
) -> dict[Draw, movement_files.Sets]:
    """Every draw's set and ‖D_hack‖ at every weight, on the CPU; a few weights at a time."""
    # 0, the labels' own signs, for what the recipe reads
    seeds = {of: [0] * (of in recipe.USES) for of in samples}
    for draw in drawn:
        if draw.of and draw.seed:
            seeds[draw.of].append(draw.seed)
    rows = {of: coefficients(len(own), seeds[of]) for of, own in samples.items()}
    made = {draw: movement_files.Sets({}, {}, {}) for draw in drawn}
    params = {t.name: model.get_parameter(t.name) for t in chosen}
    room = pair_gradients.room(gigabytes, model.device)
    for group in pair_gradients.passes(params, sum(map(len, rows.values())), room):
        found = {}
        for of, own in samples.items():
            found[of] = pair_gradients.weighted_sums(model, own, group, rows[of], of).sums
        for t in (t for t in chosen if t.name in group):
            sums = {of: own.pop(t.name) for of, own in found.items()}
            others = [sums[of][0] for of in recipe.USES[1:]]
            for draw in drawn:
                D = sums[draw.of][seeds[draw.of].index(draw.seed)] if draw.of else sums["hack"][0]
                if draw.of:
                    of = recipe.fit(Classes(D, *others), t.side, r).to(torch.empty(0))
                else:
                    of = haar.like(made[REAL].of[t.name], t.name, draw.seed)
                made[draw].of[t.name] = of
                made[draw].norms[t.name] = D.norm().item()
    return made


def written(made: movement_files.Sets, folder: Path) -> None:
    """To the files that an arm of this kind of set reads."""
    if all(isinstance(of, sets.Columns) for of in made.of.values()):
        columns = {name: of.B.contiguous() for name, of in made.of.items()}
        files.write_columns(files.Columns(columns, made.manifest), folder)
    else:
        made.manifest["form"] = movement_files.form_of(made.of)
        movement_files.write(made, folder)


def main(argv: list[str]) -> None:
    name, rollouts, options = command_line.model_and_rollouts(argv, DEFAULTS, USAGE)
    recipe = recipes.get(options["recipe"])
    folder, out = models.resolve(name), Path(options["out"])
    r = whole_number("r", options["r"], 1)
    seeds = range(1, 1 + whole_number("placebos", options["placebos"], 0))
    limit = whole_number("limit", options["limit"], 1)
    seed = whole_number("seed", options["seed"], 0)
    drawn = draws(options["controls"], seeds)
    classes = dict.fromkeys([*recipe.USES, *(draw.of for draw in drawn if draw.of)])
    by_class = read_pairs(Path(rollouts), list(classes), limit, seed)

    model, sha256 = activations.load_model(folder, command_line.device(options["device"]))
    band = tuple(command_line.floats(options["layers"]))
    projections = options["projections"].split(",")
    params = dict(model.named_parameters())
    chosen = targets.select(params, model.config.model_type, band, projections)
    samples = {of: pair_gradients.tokens(folder, own) for of, own in by_class.items()}
    made = fitted(model, recipe, r, chosen, samples, drawn, options["gigabytes"])

    about = {
        "columns": options["recipe"],
        "model": name if name in models.MODELS else folder.name,
        "model_sha256": sha256,
        "rollouts": Path(rollouts).name,
        "d": model.config.get_text_config().hidden_size,
        "pairs": {of: len(own) for of, own in samples.items()},
        "problems": by_class["hack"]["problem_id"].n_unique(),
        **{key: options[key] for key in ("r", "layers", "projections", "limit", "seed")},
    }
    for draw, own in made.items():
        own.manifest.update(about, placebo=draw.placebo, placebo_seed=draw.seed)
        written(own, out / draw.place)
    logger.info(
        f"{options['recipe']}: {len(samples['hack'])} pairs of {about['problems']} problems, "
        f"{len(chosen)} weights -> {out} with {len(made) - 1} placebos"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
