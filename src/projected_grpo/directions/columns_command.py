"""Sets of movements from gradients of labelled pairs, by a recipe, with controls.

One-sided sets go to contrast.safetensors and .json (arm=contrast and its kin, columns=prepared),
others to movements.safetensors and .json (mechanism hold), beside them the pairs (pairs.parquet).
<control>-s<seed> beside them holds controls of the same kind of set, a draw a seed: from signs
flipped within the same pairs (shuffled), from pairs of clean samples of the same prompts
(clean_vs_clean), and random (haar). They are as wide as the set, or r_controls wide; with the
folder of `just dose` there each is as wide as costs the same.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from projected_grpo import cli, console, models
from projected_grpo.cli import Refusal, option
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

PLACEBOS, FORMS = placebos.PLACEBOS, ("all", *pairs.FORMS)
MANIFEST = ("layers", "projections", "limit", "seed")


@cli.settings
class Settings(command_line.OfWeights):
    recipe: str = option("how a set is made", "signed", choices=recipes.NAMES)
    r: int = option("directions a weight", 64, least=1)
    r_controls: str | None = option("of controls: a number, or a folder of `just dose`", None)
    form: str = option("of the hacks that sets are fitted on", "all", choices=FORMS)
    layers: tuple[float, float] = option("depth of blocks", (0.0, 1.0), least=0, most=1)
    limit: int = option("pairs of a class", 1000, least=1)
    placebos: int = option("draws of each control, with the seeds 1 to this", 1, least=0)
    controls: tuple[str, ...] = option("which are made", PLACEBOS, choices=PLACEBOS)
    held_out: bool = option("fit none on a third of the problems: for doses in a run", False)
    gigabytes: float | None = option("for sums of gradients", None, least=0, none="auto")
    seed: int = option("of pairs and held-out problems", 0, least=0)


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


def widths(
    recipe: str, r: int, r_controls: str | None, controls: Sequence[str]
) -> dict[str | None, int]:
    """Directions a weight by placebo, None for the real set. controls: the placebos' names."""
    width = r if r_controls is None else r_controls
    if isinstance(width, str) and not width.isdecimal():
        if "haar" in controls and not recipes.is_one_sided(recipe):
            raise Refusal(
                f"{r_controls} knows random columns, which are no control of the kind of {recipe}: "
                "leave haar out of controls=, and make it with recipe=signed and a whole number"
            )
        equal = dose_controls.widths(Path(r_controls), recipe, r, controls)
        return {None: r, **equal}
    if int(width) < 1:
        raise Refusal(f"r_controls={width}: expected 1 or more, or a folder of `just dose`")
    return {None: r, **dict.fromkeys(controls, int(width))}


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
    settings = cli.read(Settings, argv)
    recipe = recipes.get(settings.recipe)
    name, out = settings.model, settings.out
    folder = models.resolve(name)
    drawn = drawn_sets.draws(settings.controls, range(1, 1 + settings.placebos))
    names = dict.fromkeys(draw.placebo for draw in drawn if draw.placebo)
    width_of = widths(settings.recipe, settings.r, settings.r_controls, list(names))
    classes = list(dict.fromkeys([*recipe.USES, *(draw.of for draw in drawn if draw.of)]))
    of_pairs = (settings.limit, settings.held_out, settings.seed, settings.form)
    by_class = read_pairs(settings.rollouts, classes, *of_pairs)
    entering = {of: pair_files.fitted(own) for of, own in by_class.items()}

    console.log_to(out / "log.txt")
    model, sha256 = activations.load_model(folder, command_line.device(settings.device))
    params = dict(model.named_parameters())
    band, projections = settings.layers, settings.projections
    chosen = targets.select(params, model.config.model_type, band, projections)
    samples = {of: pair_gradients.tokens(folder, own) for of, own in entering.items()}
    made = drawn_sets.fit(model, recipe, width_of, chosen, samples, drawn, settings.gigabytes)

    about = {
        "columns": settings.recipe,
        "model": name if name in models.MODELS else folder.name,
        "model_sha256": sha256,
        "rollouts": settings.rollouts.name,
        "d": model.config.get_text_config().hidden_size,
        "pairs": {of: len(samples[of]) for of in recipe.USES},
        "problems": entering["hack"]["problem_id"].n_unique(),
        "hack_form": settings.form,
        **{key: cli.as_text(getattr(settings, key)) for key in MANIFEST},
    }
    for draw, own in made.items():
        place = out / draw.place
        width = width_of[draw.placebo]
        own.manifest.update(about, r=width, placebo=draw.placebo, placebo_seed=draw.seed)
        own.manifest.update(pair_files.write(by_class, recipe.USES, draw.of, draw.seed, place))
        written(own, place)
    fitted.write(pl.concat(own["problem_id"] for own in by_class.values()), out)
    console.say(
        f"{settings.recipe}: {len(samples['hack'])} pairs of {about['problems']} problems, "
        f"{len(chosen)} weights -> {out} with {len(made) - 1} placebos"
    )


if __name__ == "__main__":
    console.command(main)
