"""How much of a hack's first-order gain each recipe's set would take, before any RL.

The rollouts are labelled samples of the model itself. The folder gets dose.parquet (a row a set,
class, step, rotation, block and projection), doses.csv, equal-cost.csv, where.csv, cosines.csv and
dose.png, forms.csv (sets fitted on hacks of one form, measured on another) and check.csv
(`dose_check`). Sets that are fitted on fit= have labels elsewhere, those of sets= given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import torch
from loguru import logger
from tabulate import tabulate

from projected_grpo import cli, console, models
from projected_grpo.cli import Refusal, option
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

# Of a parameter, for which all classes' means are made at once: an embedding has 150,000.
ROWS = 8192


@cli.settings
class Settings(command_line.OfRollouts):
    recipes: tuple[str, ...] = option("how sets are made", recipes.NAMES, choices=recipes.NAMES)
    r: tuple[int, ...] = option("directions a weight", (16, 64, 256), least=1)
    hacks: tuple[int, ...] = option("sets on so many, beside those on all", (), least=1)
    limit: int = option("pairs of hacks", 400, least=1)
    limit_others: int = option("pairs of any other class", 400, least=1)
    blocks: int = option("of problems in a third, for intervals", 4, least=2)
    gigabytes: float | None = option("for sums of gradients", None, least=0, none="auto")
    check: tuple[float, ...] = option("take steps of these sizes and compare", ())
    fit: Path | None = option("fit on these rollouts' hacks too, such as elicited ones", None)
    forms: bool = option("doses of each form on each other", True)
    sets: tuple[Path, ...] = option("measure what `just columns` or `just contrast` made", ())
    seed: int = option("of thirds, blocks and flips", 0, least=0)


def read_pairs(
    source: Path, other: Path | None, limit: int, limit_others: int, seed: int
) -> dict[str, pl.DataFrame]:
    """By class, and the hacks of another source where there is one. Raises Refusal where a class
    has none.
    """
    sources = {of: (source, of) for of in pairs.CLASSES}
    if other:
        sources[dose_sums.ELSEWHERE] = (other, "hack")
    by_class = {}
    for name, (file, of) in sources.items():
        rollouts = labelled.read_rollouts(file, pairs.COLUMNS)
        most = limit if of == "hack" else limit_others
        by_class[name] = pairs.matched(rollouts, of, most, seed)
        if by_class[name].is_empty():
            raise Refusal(f"{file} has no pair of the class {of}: sample more")
    return by_class


def given(folders: Sequence[Path], side: Mapping[str, Side]) -> dict[str, dict[str, Movements]]:
    """By weight, then by folder."""
    by_weight: dict[str, dict[str, Movements]] = {name: {} for name in side}
    for folder in folders:
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
    """[class third class third] of one parameter, some rows at a time."""
    gram = 0.0
    of_classes = [own.split(ROWS, dim=2) for own in G.blocks.values()]
    for rows in zip(*of_classes, strict=True):
        means = torch.stack([own.sum(1).flatten(1) for own in rows]).flatten(0, 1)
        gram = gram + (means @ means.mT).double().cpu().numpy()
    shape = (len(G.blocks), pairs.THIRDS)
    return gram.reshape(*shape, *shape)


def ρ(noise: float, energy: float, n: int, of: int) -> float:
    """Signal's share of the energy of D from n pairs, were it from `of`: noise goes as 1/n."""
    signal = energy - noise
    return signal / (signal + noise * n / of)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    folder, out = models.resolve(settings.model), settings.out
    names, ranks, sizes = list(settings.recipes), list(settings.r), list(settings.check)
    limits = (settings.limit, settings.limit_others)
    by_class = read_pairs(settings.rollouts, settings.fit, *limits, settings.seed)

    console.log_to(out / "log.txt")
    model, _ = activations.load_model(folder, command_line.device(settings.device))
    room = pair_gradients.room(settings.gigabytes, model.device)
    plan = dose_sums.Plan(settings.blocks, list(settings.hacks), room, settings.seed)
    n_of_form = enough(by_class, plan) if settings.forms else {}
    plan = replace(plan, forms=tuple(form for form in n_of_form if form != "all"))
    chosen = targets.select(dict(model.named_parameters()), model.config.model_type)
    side = {t.name: t.side for t in chosen}
    old = given(settings.sets, side)
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
