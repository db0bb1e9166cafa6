"""How much of a hack's first-order gain each recipe's set would take, before any RL.

    python -m projected_grpo.directions.dose_command MODEL ROLLOUTS out=FOLDER
        [recipes=signed,cell,...] [r=16,64,256] [hacks=30,100,300] [limit=400] [blocks=4] ...

ROLLOUTS: labelled samples of MODEL itself. FOLDER gets dose.parquet (a row a set, class, step,
rotation, block and projection), doses.csv, equal-cost.csv, where.csv, cosines.csv and dose.png, and
forms.csv: sets fitted on hacks of one form, measured on another (forms=false: none).
check=1e-6,1e-5 takes steps of these sizes and compares (`dose_check`): check.csv. fit=ROLLOUTS2 has
sets fitted on the hacks of that file too, for example elicited ones (labels elsewhere);
sets=FOLDER,... measures what `just columns` or `just contrast` made (labels given).
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import torch
from loguru import logger
from tabulate import tabulate

from projected_grpo import console, models
from projected_grpo.cli import Refusal, whole_number
from projected_grpo.directions import (
    activations,
    command_line,
    dose,
    dose_check,
    dose_controls,
    dose_plot,
    dose_sums,
    dose_tables,
    labelled,
    movement_files,
    pair_gradients,
    pairs,
    recipes,
)
from projected_grpo.weights import targets
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Movements

# limit: pairs of a class. gigabytes: for sums of gradients, auto for what the machine has. hacks:
# sets are fitted on so many as well as on all that a third has. check: sizes of steps.
DEFAULTS = {
    "out": "",
    "recipes": ",".join(recipes.NAMES),
    "r": "16,64,256",
    "hacks": "",
    "limit": "400",
    "blocks": "4",
    "gigabytes": "auto",
    "check": "",
    "fit": "",
    "forms": "true",
    "sets": "",
    "seed": "0",
    "device": "auto",
}
USAGE = "just dose MODEL ROLLOUTS out=FOLDER [recipes=signed,cell] [r=16,64] [hacks=30,100]"


def read_pairs(source: Path, other: str, limit: int, seed: int) -> dict[str, pl.DataFrame]:
    """By class, and the hacks of another source where there is one. Raises Refusal where a class
    has none.
    """
    sources = {of: (source, of) for of in pairs.CLASSES}
    if other:
        sources[dose_sums.ELSEWHERE] = (Path(other), "hack")
    by_class = {}
    for name, (file, of) in sources.items():
        rollouts = labelled.read_rollouts(file, pairs.COLUMNS)
        by_class[name] = pairs.matched(rollouts, of, limit, seed)
        if by_class[name].is_empty():
            raise Refusal(f"{file} has no pair of the class {of}: sample more")
    return by_class


def given(folders: str, side: Mapping[str, Side]) -> dict[str, dict[str, Movements]]:
    """By weight, then by folder."""
    by_weight: dict[str, dict[str, Movements]] = {name: {} for name in side}
    for folder in map(Path, folders.split(",") if folders else ()):
        for name, of in movement_files.read(folder, side).of.items():
            by_weight[name][folder.name] = of
    return by_weight


def enough(by_class: Mapping[str, pl.DataFrame], plan: dose_sums.Plan) -> dict[str, int]:
    """Pairs of each form that has enough in every third, and of all; the log names the others."""
    kinds = by_class["hack"].filter(sign=1)["kind"]
    place = dose_sums.places_of(by_class, plan)["hack"]
    found = {"all": len(kinds)}
    for form in pairs.FORMS:
        thirds = dose_sums.in_thirds(kinds, place, form)
        if min(thirds) >= pairs.LEAST_OF_A_FORM:
            found[form] = sum(thirds)
        else:
            logger.warning(
                f"no doses of form {form}: its pairs by thirds {thirds}, "
                f"{pairs.LEAST_OF_A_FORM} are needed in each"
            )
    return found


def inner_products(G: dose.Gradients) -> np.ndarray:
    """[class third class third] of one parameter."""
    means = torch.stack([own.sum(1).flatten(1) for own in G.blocks.values()]).flatten(0, 1)
    gram = (means @ means.mT).double().cpu().numpy()
    shape = (len(G.blocks), pairs.THIRDS)
    return gram.reshape(*shape, *shape)


def ρ(noise: float, energy: float, n: int, of: int) -> float:
    """Signal's share of the energy of D from n pairs, were it from `of`: noise goes as 1/n."""
    signal = energy - noise
    return signal / (signal + noise * n / of)


def main(argv: list[str]) -> None:
    name, rollouts, options = command_line.model_and_rollouts(argv, DEFAULTS, USAGE)
    names = options["recipes"].split(",")
    for recipe in names:
        recipes.get(recipe)
    folder, out = models.resolve(name), Path(options["out"])
    ranks = [whole_number("r", r, 1) for r in options["r"].split(",")]
    limit = whole_number("limit", options["limit"], 1)
    seed = whole_number("seed", options["seed"], 0)
    sizes = command_line.floats(options["check"]) if options["check"] else []
    hacks = [whole_number("hacks", n, 1) for n in options["hacks"].split(",") if n]
    blocks = whole_number("blocks", options["blocks"], 2)
    by_class = read_pairs(Path(rollouts), options["fit"], limit, seed)

    console.log_to(out / "log.txt")
    model, _ = activations.load_model(folder, command_line.device(options["device"]))
    room = pair_gradients.room(options["gigabytes"], model.device)
    plan = dose_sums.Plan(blocks, hacks, room, seed)
    if options["forms"] not in ("true", "false"):
        raise Refusal(f"forms={options['forms']}: choose true or false")
    n_of_form = enough(by_class, plan) if options["forms"] == "true" else {}
    plan = replace(plan, forms=tuple(form for form in n_of_form if form != "all"))
    chosen = targets.select(dict(model.named_parameters()), model.config.model_type)
    side = {t.name: t.side for t in chosen}
    old = given(options["sets"], side)
    parts, gram, noise = [], 0.0, 0.0
    for weight, G, energy in dose_sums.of_parameters(model, folder, by_class, plan):
        own = {key: of.to(G.flipped) for key, of in old.get(weight, {}).items()}
        parts.append(dose.rows(weight, G, side.get(weight), names, ranks, own))
        gram = gram + inner_products(G)
        noise += energy / len(by_class["hack"].filter(sign=1)) ** 2
    rows = pl.concat(parts)

    doses = dose_tables.doses(rows)
    asked = doses.filter(pl.col("r").is_in([dose.NO_RANK, *ranks]))
    shown = {
        "doses": asked,
        "equal-cost": dose_controls.equal_cost(doses),
        "where": dose_tables.where(rows, chosen),
        "cosines": dose_tables.cosines(gram, tuple(G.blocks)),
    }
    if plan.forms:
        shown["forms"] = dose_tables.forms(asked, n_of_form)
    if sizes:
        samples = pair_gradients.tokens(folder, by_class["hack"])
        third = dose_sums.places_of(by_class, plan)["hack"][:, 0]
        shown["check"] = dose_check.table(model, samples, third, side, max(ranks), sizes)
    out.mkdir(parents=True, exist_ok=True)
    dose_tables.compact(rows, chosen).write_parquet(out / "dose.parquet", compression="zstd")
    for file, table in shown.items():
        table.write_csv(out / f"{file}.csv")
        console.say(tabulate(table.rows(), headers=table.columns, floatfmt=".3g"))
    dose_plot.plot(asked, out / "dose.png")
    counts = ", ".join(f"{len(own) // 2} {of}" for of, own in by_class.items())
    n, energy = len(by_class["hack"]) // 2, gram[0, :, 0, :].sum()
    expected = ", ".join(f"{ρ(noise, energy, n, of):.2f} at {of}" for of in (30, 100, 300, 1000))
    console.say(
        f"pairs: {counts}; signal's share of D_hack's energy ρ = {ρ(noise, energy, n, n):.2f}, "
        f"expected {expected} hacks"
    )


if __name__ == "__main__":
    console.command(main)
