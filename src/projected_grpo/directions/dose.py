"""Dose: the share of a class's first-order gain that a set of movements takes from a step.

    dose = Σ_W <taken(Δ_W), D₃_W> / Σ_all <Δ, D₃>     for Δ = D₂ (SGD) and Δ = sign(D₂) (Adam's)

Sets are fitted on one third of the problems, the step comes from the second and the gain is
measured with the third, over three rotations; sums come before ratios. "All" is every trainable
parameter, those that no set touches included. cost = Σ_W ‖taken(Δ_W)‖² / Σ_all ‖Δ‖².
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor

from projected_grpo.directions import recipes
from projected_grpo.directions.pairs import THIRDS
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Columns, Movements

STEPS = ("sgd", "sign")
# The rank of a recipe that has none.
NO_RANK = 0
MEASURED = ("hack", "skill", "tests")


@dataclass(frozen=True)
class Gradients:
    """A parameter's sums over pairs, divided by the class's number of pairs.

    blocks: by class [third, block, *shape]. fits: by number of hacks, what sets are fitted on
    [third, *shape]. flipped: D_hack with signs flipped within pairs [third, *shape].
    """

    blocks: dict[str, Float[Tensor, "t b ..."]]
    fits: dict[int, Float[Tensor, "t ..."]]
    flipped: Float[Tensor, "t ..."]

    def mean(self, of: str, third: int) -> Float[Tensor, "..."]:
        return self.blocks[of][third].sum(0)


@dataclass(frozen=True)
class Chosen:
    """A set as a row of the table: recipe, rank, number of hacks, labels (real, flipped, haar)."""

    recipe: str
    r: int
    hacks: int
    labels: str
    of: Movements
    half: bool

    def taken(self, Δ: Float[Tensor, "o i"]) -> Float[Tensor, "o i"]:
        c = self.of.coordinates(Δ)
        return self.of.lift(c.clamp_min(0) if self.half else c)


def rotations() -> list[tuple[int, int, int]]:
    """(third of the fit, of the step, of the gain)."""
    return [(k, (k + 1) % THIRDS, (k + 2) % THIRDS) for k in range(THIRDS)]


def rows(
    name: str, G: Gradients, side: Side | None, names: list[str], ranks: list[int]
) -> pl.DataFrame:
    """A row a set, class, step, rotation and block of one parameter.

    side: None where no set touches it: its gain enters all doses from below. Columns: recipe, r,
    hacks, labels, of, step, rotation, block, gain, energy, weight. recipe "all" is the whole step.
    """
    found = []
    for k, (fit, step, gain) in enumerate(rotations()):
        sets = chosen(G, fit, side, names, ranks) if side else []
        for of in MEASURED:
            D, measured = G.mean(of, step), G.blocks[of][gain].flatten(1)
            for kind, Δ in (("sgd", D), ("sign", D.sign())):
                shared = {"of": of, "step": kind, "rotation": k, "weight": name}
                found.append(_gains(sets, Δ, measured).with_columns(**_literals(shared)))
    return pl.concat(found)


def _gains(
    sets: list[Chosen], Δ: Float[Tensor, "..."], measured: Float[Tensor, "b n"]
) -> pl.DataFrame:
    """What the whole step and each set's part of it gain in every block, and their energies."""
    gains, energies = [], []
    for part in (Δ, *(one.taken(Δ) for one in sets)):
        gains.append(measured @ part.flatten())
        energies.append(part.double().square().sum())
    keys = {"recipe": ["all"], "r": [NO_RANK], "hacks": [0], "labels": ["real"]}
    for one in sets:
        for key, values in keys.items():
            values.append(getattr(one, key))
    of_sets = pl.DataFrame(keys).with_columns(
        gain=torch.stack(gains).double().cpu().numpy(),
        energy=torch.stack(energies).cpu().numpy(),
        block=pl.lit(list(range(len(measured)))),
    )
    return of_sets.explode("gain", "block")


def _literals(values: Mapping[str, str | int]) -> dict[str, pl.Expr]:
    return {key: pl.lit(value) for key, value in values.items()}


def chosen(
    G: Gradients, third: int, side: Side, names: list[str], ranks: list[int]
) -> list[Chosen]:
    """Every recipe at every rank and number of hacks, and its controls."""
    sets = []
    D_of = {of: G.mean(of, third) for of in MEASURED}
    labelings = [(n, "real", D[third]) for n, D in G.fits.items()]
    labelings.append((max(G.fits), "flipped", G.flipped[third]))
    for hacks, labels, hack in labelings:
        D = Classes(hack, D_of["skill"], D_of["tests"])
        for recipe in names:
            module = recipes.get(recipe)
            widest = module.fit(D, side, max(ranks))
            for r in ranks if widest.first(1) is not widest else [NO_RANK]:
                of = widest.first(r)
                sets.append(Chosen(recipe, r, hacks, labels, of, module.HALF))
    for r in ranks:
        B = haar(G.mean("hack", third), side, r)
        sets.append(Chosen("signed", r, max(G.fits), "haar", Columns(B, side), False))
    return sets


def haar(D: Float[Tensor, "o i"], side: Side, r: int) -> Float[Tensor, "d r"]:
    """Random columns as wide as a set's."""
    d = D.shape[1] if side == "reads" else D.shape[0]
    generator = torch.Generator().manual_seed(r)
    return torch.linalg.qr(torch.randn(d, min(r, d), generator=generator)).Q.to(D)
