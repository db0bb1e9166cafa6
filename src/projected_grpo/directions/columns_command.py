"""Sets of movements from gradients of labelled pairs, by a recipe, with controls.

    python -m projected_grpo.directions.columns_command MODEL ROLLOUTS out=FOLDER recipe=signed
        [r=64] [limit=1000] [form=empty] [held_out=true]
        [placebos=1] [controls=shuffled,clean_vs_clean,haar] [r_controls=96] ...

One-sided sets go to contrast.safetensors and .json (arm=contrast and its kin, columns=prepared),
others to movements.safetensors and .json (mechanism hold), beside them the pairs (pairs.parquet).
FOLDER/<control>-s<seed> holds controls of the same kind of set, a draw a seed: from signs flipped
within the same pairs (shuffled), from pairs of clean samples of the same prompts (clean_vs_clean),
and random (haar). They are as wide as the set, or r_controls wide; with the folder of `just dose`
there each is as wide as costs the same.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from loguru import logger

from projected_grpo import models
from projected_grpo.cli import Refusal, whole_number
from projected_grpo.directions import (
    activations,
    command_line,
    dose_controls,
    drawn_sets,
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
from projected_grpo.weights import sets, targets

# limit: pairs of a class. placebos: seeds 1 to that number. gigabytes: for sums of gradients, auto
# for what the machine has. held_out: no set is fitted on a third of the problems, so that a run can
# measure its dose there. form: of the hacks that sets are fitted on. r_controls: "" for r,
# a number, or a folder of `just dose`.
DEFAULTS = {
    "out": "",
    "recipe": "signed",
    "r": "64",
    "r_controls": "",
    "form": "all",
    "layers": "0,1",
    "projections": ",".join(targets.PROJECTIONS),
    "limit": "1000",
    "placebos": "1",
    "controls": ",".join(placebos.PLACEBOS),
    "held_out": "false",
    "gigabytes": "auto",
    "seed": "0",
    "device": "auto",
}
USAGE = "just columns MODEL ROLLOUTS out=FOLDER recipe=NAME [r=64] [form=empty] [placebos=1]"


def read_pairs(
    source: Path, classes: Sequence[str], limit: int, held_out: bool, seed: int, form: str = "all"
) -> dict[str, pl.DataFrame]:
    """By class, as `pair_files.marked`. clean: of the prompts that hacks have, as many pairs.

    Of hacks to fit on only those of the form are left; held-out ones are of all forms. Raises
    Refusal where a class has none to fit on, or the form too few.
    """
    rollouts = labelled.read_rollouts(source, pairs.COLUMNS)
    by_class = {}
    for of in classes:
        if of == "clean":
            hacks = by_class["hack"].filter(pairs.of_form(form))
            same = rollouts.filter(pl.col("prompt").is_in(hacks["prompt"].unique().to_list()))
            by_class[of] = pairs.matched(same, of, len(hacks) // 2, seed)
        else:
            by_class[of] = pairs.matched(rollouts, of, limit, seed)
        if by_class[of].is_empty():
            raise Refusal(f"{source} has no pair of the class {of}: sample more")
        if of == "hack":
            refuse_few(by_class[of], form, source)
    by_class = pair_files.marked(by_class, held_out, seed)
    refuse_few(pair_files.fitted(by_class["hack"]), form, source)
    mine = pl.col("held_out") | pairs.of_form(form)
    by_class["hack"] = by_class["hack"].filter(mine)
    for of, own in by_class.items():
        if pair_files.fitted(own).is_empty():
            raise Refusal(f"{source}: all pairs of the class {of} would be held out: sample more")
    return by_class


def widths(recipe: str, r: int, r_controls: str, controls: Sequence[str]) -> dict[str | None, int]:
    """Directions a weight by placebo, None for the real set. controls: the placebos' names."""
    if r_controls and not r_controls.isdecimal():
        if "haar" in controls and not recipes.is_one_sided(recipe):
            raise Refusal(
                f"{r_controls} knows random columns, which are no control of the kind of {recipe}: "
                "leave haar out of controls=, and make it with recipe=signed and a whole number"
            )
        equal = dose_controls.widths(Path(r_controls), recipe, r, controls)
        return {None: r, **equal}
    width = whole_number("r_controls", r_controls or str(r), 1)
    return {None: r, **dict.fromkeys(controls, width)}


def refuse_few(hacks: pl.DataFrame, form: str, source: Path) -> None:
    """Refusal where too few of the hacks that may be fitted on are of the form."""
    n = len(hacks.filter(pairs.of_form(form))) // 2
    if form != "all" and n < pairs.LEAST_OF_A_FORM:
        raise Refusal(
            f"{source} has {n} pairs of form={form} to fit on, {pairs.LEAST_OF_A_FORM} are needed "
            f"(there are {pairs.counts(hacks)}): sample more; what says vacuous can be graded again"
        )


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
    form = options["form"]
    if form not in ("all", *pairs.FORMS):
        raise Refusal(f"unknown form={form}: choose from all, {', '.join(pairs.FORMS)}")
    seeds = range(1, 1 + whole_number("placebos", options["placebos"], 0))
    limit = whole_number("limit", options["limit"], 1)
    if options["held_out"] not in ("true", "false"):
        raise Refusal(f"held_out={options['held_out']}: choose true or false")
    seed = whole_number("seed", options["seed"], 0)
    drawn = drawn_sets.draws(options["controls"], seeds)
    names = dict.fromkeys(draw.placebo for draw in drawn if draw.placebo)
    width_of = widths(options["recipe"], r, options["r_controls"], list(names))
    classes = list(dict.fromkeys([*recipe.USES, *(draw.of for draw in drawn if draw.of)]))
    held_out = options["held_out"] == "true"
    by_class = read_pairs(Path(rollouts), classes, limit, held_out, seed, form)
    entering = {of: pair_files.fitted(own) for of, own in by_class.items()}

    model, sha256 = activations.load_model(folder, command_line.device(options["device"]))
    band = tuple(command_line.floats(options["layers"]))
    projections = options["projections"].split(",")
    params = dict(model.named_parameters())
    chosen = targets.select(params, model.config.model_type, band, projections)
    samples = {of: pair_gradients.tokens(folder, own) for of, own in entering.items()}
    made = drawn_sets.fit(model, recipe, width_of, chosen, samples, drawn, options["gigabytes"])

    about = {
        "columns": options["recipe"],
        "model": name if name in models.MODELS else folder.name,
        "model_sha256": sha256,
        "rollouts": Path(rollouts).name,
        "d": model.config.get_text_config().hidden_size,
        "pairs": {of: len(samples[of]) for of in recipe.USES},
        "problems": entering["hack"]["problem_id"].n_unique(),
        "hack_form": form,
        **{key: options[key] for key in ("layers", "projections", "limit", "seed")},
    }
    for draw, own in made.items():
        place = out / draw.place
        width = width_of[draw.placebo]
        own.manifest.update(about, r=width, placebo=draw.placebo, placebo_seed=draw.seed)
        own.manifest.update(pair_files.write(by_class, recipe.USES, draw.of, draw.seed, place))
        written(own, place)
    fitted.write(pl.concat(own["problem_id"] for own in by_class.values()), out)
    logger.info(
        f"{options['recipe']}: {len(samples['hack'])} pairs of {about['problems']} problems, "
        f"{len(chosen)} weights -> {out} with {len(made) - 1} placebos"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
