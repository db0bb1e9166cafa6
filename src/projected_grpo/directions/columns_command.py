"""Sets of movements from gradients of labelled pairs, by a recipe, with controls.

    python -m projected_grpo.directions.columns_command MODEL ROLLOUTS out=FOLDER recipe=signed
        [r=64] [limit=1000] [placebos=1] [held_out=true] [gigabytes=20] ...

One-sided sets go to contrast.safetensors and .json (arm=contrast and its kin, columns=prepared),
others to movements.safetensors and .json (mechanism hold), beside them the pairs (pairs.parquet).
FOLDER/shuffled-s<seed> holds the same from signs that are flipped within pairs, a draw a seed.
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
    files,
    fitted,
    labelled,
    movement_files,
    pair_files,
    pair_gradients,
    pairs,
    placebos,
    recipes,
)
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights import sets, targets

# limit: pairs of a class. placebos: seeds 1 to that number. gigabytes: for sums of gradients.
# held_out: no set is fitted on a third of the problems, so that a run can measure its dose there.
DEFAULTS = {
    "out": "",
    "recipe": "signed",
    "r": "64",
    "layers": "0,1",
    "projections": ",".join(targets.PROJECTIONS),
    "limit": "1000",
    "placebos": "1",
    "held_out": "false",
    "gigabytes": "20",
    "seed": "0",
    "device": "auto",
}
USAGE = "just columns MODEL ROLLOUTS out=FOLDER recipe=NAME [r=64] [limit=1000] [placebos=1]"


def written(made: Mapping[str, sets.Movements], norms: dict, about: dict, folder: Path) -> None:
    """To the files that an arm of this kind of set reads."""
    if all(isinstance(of, sets.Columns) for of in made.values()):
        columns = {name: of.B.cpu().contiguous() for name, of in made.items()}
        files.write_columns(files.Columns(columns, about), folder)
    else:
        form = movement_files.form_of(made)
        movement_files.write(movement_files.Sets(dict(made), norms, about | {"form": form}), folder)


def main(argv: list[str]) -> None:
    name, rollouts, options = command_line.model_and_rollouts(argv, DEFAULTS, USAGE)
    recipe = recipes.get(options["recipe"])
    folder, out = models.resolve(name), Path(options["out"])
    r = whole_number("r", options["r"], 1)
    seeds = range(1, 1 + whole_number("placebos", options["placebos"], 0))
    limit = whole_number("limit", options["limit"], 1)
    if options["held_out"] not in ("true", "false"):
        raise Refusal(f"held_out={options['held_out']}: choose true or false")
    seed = whole_number("seed", options["seed"], 0)
    read = labelled.read_rollouts(Path(rollouts), pairs.COLUMNS)
    by_class = {of: pairs.matched(read, of, limit, seed) for of in recipe.USES}
    by_class = pair_files.marked(by_class, options["held_out"] == "true", seed)
    entering = {of: pair_files.fitted(own) for of, own in by_class.items()}
    for of, own in entering.items():
        if own.is_empty():
            raise Refusal(f"{rollouts} has no pair of the class {of}: sample more")

    model, sha256 = activations.load_model(folder, command_line.device(options["device"]))
    band = tuple(command_line.floats(options["layers"]))
    params = dict(model.named_parameters())
    chosen = targets.select(
        params, model.config.model_type, band, options["projections"].split(",")
    )
    samples = {of: pair_gradients.tokens(folder, own) for of, own in entering.items()}
    coefficients = {of: torch.ones(1, len(own)) / len(own) for of, own in samples.items()}
    n = len(samples["hack"])
    flips = [placebos.flips(n, seed) for seed in seeds]
    flipped = [signs / n for signs in flips]
    coefficients["hack"] = torch.stack([coefficients["hack"][0], *flipped])

    # "" holds the real labels'
    names = ["", *(placebos.subfolder("shuffled", seed) for seed in seeds)]
    made: dict[str, dict[str, sets.Movements]] = {place: {} for place in names}
    norms: dict[str, dict[str, float]] = {place: {} for place in names}
    n_sums = sum(map(len, coefficients.values()))
    of_targets = {t.name: params[t.name] for t in chosen}
    for group in pair_gradients.passes(of_targets, n_sums, float(options["gigabytes"])):
        found = {}
        for of, own in samples.items():
            found[of] = pair_gradients.weighted_sums(model, own, group, coefficients[of], of).sums
        for t in (t for t in chosen if t.name in group):
            others = [found[of][t.name][0] for of in recipe.USES[1:]]
            for place, D in zip(names, found["hack"][t.name], strict=True):
                made[place][t.name] = recipe.fit(Classes(D, *others), t.side, r)
                norms[place][t.name] = D.norm().item()

    about = {
        "columns": options["recipe"],
        "model": name if name in models.MODELS else folder.name,
        "model_sha256": sha256,
        "rollouts": Path(rollouts).name,
        "d": model.config.get_text_config().hidden_size,
        "pairs": {of: len(own) for of, own in samples.items()},
        "problems": entering["hack"]["problem_id"].n_unique(),
        **{key: options[key] for key in ("r", "layers", "projections", "limit", "seed")},
    }
    for draw, place in enumerate(names):
        own = {"placebo": "shuffled" if place else None, "placebo_seed": draw}
        own |= pair_files.write(by_class, flips[draw - 1] if place else None, out / place)
        written(made[place], norms[place], about | own, out / place)
    fitted.write(pl.concat(own["problem_id"] for own in by_class.values()), out)
    logger.info(
        f"{options['recipe']}: {n} pairs of {about['problems']} problems, {len(chosen)} weights "
        f"-> {out} with {len(seeds)} placebos"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
