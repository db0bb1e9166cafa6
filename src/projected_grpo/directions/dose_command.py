"""How much of a hack's first-order gain each recipe's set would take, before any RL.

    python -m projected_grpo.directions.dose_command MODEL ROLLOUTS out=FOLDER
        [recipes=signed,cell,...] [r=16,64,256] [hacks=30,100,300] [limit=400] [blocks=6] ...

ROLLOUTS: labelled samples of MODEL itself. FOLDER gets dose.parquet (a row a set, class, step,
rotation, block and weight), doses.csv, where.csv and cosines.csv.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import torch
from jaxtyping import Float
from tabulate import tabulate
from torch import Tensor, nn
from tqdm import tqdm

from projected_grpo import models
from projected_grpo.cli import Refusal, whole_number
from projected_grpo.directions import (
    activations,
    command_line,
    dose,
    dose_tables,
    labelled,
    pair_gradients,
    pairs,
    recipes,
)
from projected_grpo.weights import targets

# limit: pairs of a class. gigabytes: for sums of gradients. hacks: sets are fitted on so many, ""
# for all that a third has.
DEFAULTS = {
    "out": "",
    "recipes": ",".join(recipes.NAMES),
    "r": "16,64,256",
    "hacks": "",
    "limit": "400",
    "blocks": "6",
    "gigabytes": "4",
    "seed": "0",
    "device": "auto",
}
USAGE = "just dose MODEL ROLLOUTS out=FOLDER [recipes=signed,cell] [r=16,64] [hacks=30,100]"


def read_pairs(source: Path, limit: int, seed: int) -> dict[str, pl.DataFrame]:
    """By class. Raises Refusal where a class has none."""
    rollouts = labelled.read_rollouts(source, pairs.COLUMNS)
    by_class = {of: pairs.matched(rollouts, of, limit, seed) for of in pairs.CLASSES}
    for of, found in by_class.items():
        if found.is_empty():
            raise Refusal(f"{source} has no pair of the class {of}: sample more")
    return by_class


def coefficients(
    place: Tensor, of: str, blocks: int, fits: list[int], seed: int
) -> Float[Tensor, "s p"]:
    """What each pair adds to the sums of its class, in the order in which `split` takes them apart.

    place: third and block of each pair. All are means over the class's pairs, times the share of
    the pairs that they hold.
    """
    n = len(place)
    third, block = place[:, 0], place[:, 1]
    rows = [(third == t) & (block == b) for t in range(pairs.THIRDS) for b in range(blocks)]
    if of == "hack":
        for hacks in fits:
            rows += [first(third == t, hacks) for t in range(pairs.THIRDS)]
    sums = torch.stack(rows).float() / n
    if of != "hack":
        return sums
    signs = torch.randint(2, (n,), generator=torch.Generator().manual_seed(seed)) * 2 - 1
    flipped = [(third == t) * signs / n for t in range(pairs.THIRDS)]
    return torch.cat([sums, torch.stack(flipped)])


def first(mine: Tensor, n: int) -> Tensor:
    """The first n of those that are mine."""
    return mine & (mine.cumsum(0) <= n)


def split(sums: dict[str, Tensor], blocks: int, fits: list[int]) -> dose.Gradients:
    """A parameter's sums by class, taken apart."""
    n = pairs.THIRDS * blocks
    by_class = {of: own[:n].unflatten(0, (pairs.THIRDS, blocks)) for of, own in sums.items()}
    rest = sums["hack"][n:].unflatten(0, (len(fits) + 1, pairs.THIRDS))
    return dose.Gradients(by_class, dict(zip(fits, rest, strict=False)), rest[-1])


def gradients(
    model: nn.Module, folder: Path, by_class: Mapping[str, pl.DataFrame], options: Mapping[str, str]
) -> Iterator[tuple[str, dose.Gradients, float]]:
    """(name, gradients, Σ‖g‖² over hack pairs) of every parameter, a few parameters at a time."""
    blocks, seed = whole_number("blocks", options["blocks"], 2), int(options["seed"])
    samples = {of: pair_gradients.tokens(folder, own) for of, own in by_class.items()}
    every = pl.concat([own["problem_id"] for own in by_class.values()])
    places = {}
    for of, own in by_class.items():
        places[of] = pairs.parts(own.filter(sign=1)["problem_id"], every, blocks, seed)
    per_third = int(torch.bincount(places["hack"][:, 0]).max())
    fits = sorted({min(int(n), per_third) for n in (options["hacks"] or "1000000").split(",")})
    of_class = {of: coefficients(place, of, blocks, fits, seed) for of, place in places.items()}
    n_sums = sum(map(len, of_class.values()))
    params = dict(model.named_parameters())
    groups = list(pair_gradients.passes(params, n_sums, float(options["gigabytes"])))
    for names in tqdm(groups, desc="parameters"):
        found = {
            of: pair_gradients.weighted_sums(model, samples[of], names, of_class[of], of)
            for of in pairs.CLASSES
        }
        for name in names:
            sums = {of: own.sums.pop(name) for of, own in found.items()}
            energy = found["hack"].energy[name].sum().item()
            yield name, split(sums, blocks, fits), energy


def inner_products(G: dose.Gradients) -> np.ndarray:
    """[class third class third] of one parameter."""
    means = torch.stack([G.blocks[of].sum(1).flatten(1) for of in pairs.CLASSES]).flatten(0, 1)
    gram = (means @ means.mT).double().cpu().numpy()
    shape = (len(pairs.CLASSES), pairs.THIRDS)
    return gram.reshape(*shape, *shape)


def main(argv: list[str]) -> None:
    name, rollouts, options = command_line.model_and_rollouts(argv, DEFAULTS, USAGE)
    names = options["recipes"].split(",")
    for recipe in names:
        recipes.get(recipe)
    folder, out = models.resolve(name), Path(options["out"])
    ranks = [whole_number("r", r, 1) for r in options["r"].split(",")]
    limit = whole_number("limit", options["limit"], 1)
    by_class = read_pairs(Path(rollouts), limit, whole_number("seed", options["seed"], 0))

    model, _ = activations.load_model(folder, command_line.device(options["device"]))
    chosen = targets.select(dict(model.named_parameters()), model.config.model_type)
    side = {t.name: t.side for t in chosen}
    parts, gram, noise = [], 0.0, 0.0
    for weight, G, energy in gradients(model, folder, by_class, options):
        parts.append(dose.rows(weight, G, side.get(weight), names, ranks))
        gram = gram + inner_products(G)
        noise += energy / len(by_class["hack"].filter(sign=1)) ** 2
    rows = pl.concat(parts)

    doses, where = dose_tables.doses(rows), dose_tables.where(rows, chosen)
    cosines = dose_tables.cosines(gram, pairs.CLASSES)
    out.mkdir(parents=True, exist_ok=True)
    rows.write_parquet(out / "dose.parquet", compression="zstd")
    for file, table in (("doses", doses), ("where", where), ("cosines", cosines)):
        table.write_csv(out / f"{file}.csv")
        print(tabulate(table.rows(), headers=table.columns, floatfmt=".3f"))
    counts = ", ".join(f"{len(own) // 2} {of}" for of, own in by_class.items())
    ρ = 1 - noise / gram[0, :, 0, :].sum()
    print(f"pairs: {counts}; signal's share of D_hack's energy ρ = {ρ:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
