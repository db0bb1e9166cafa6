"""Dose: the share of a class's first-order gain that a set of movements takes from a step.

    dose = Σ_W <taken(Δ_W), D₃_W> / Σ_all <Δ, D₃>     for Δ = D₂ (SGD) and Δ = sign(D₂) (Adam's)

Sets are fitted on one third of the problems, the step comes from the second and the gain is
measured with the third, over three rotations; sums come before ratios. "All" is every trainable
parameter, those that no set touches included. cost = Σ_W ‖taken(Δ_W)‖² / Σ_all ‖Δ‖².

Both are sums over directions, <taken(Δ), D> = <coordinates(Δ), coordinates(D)>, so one product
with the widest set serves every rank.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import Literal

import numpy as np
import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor

from projected_grpo.directions import haar, recipes
from projected_grpo.directions.pairs import THIRDS
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights.columns import seed_of
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Columns, Matrix, Movements

STEPS = ("sgd", "sign")
# Not a step: D_hack of the third that sets are fitted on. Of its energy they hold more than of any
# other's.
OWN = "own"
# The rank of a recipe that has none.
NO_RANK = 0


@dataclass(frozen=True)
class Gradients:
    """A parameter's sums over pairs, divided by the class's number of pairs.

    blocks: by class [third, block, *shape], hacks of a form as hack_<form>. fits: by number of
    hacks, what sets are fitted on [third, *shape]. flipped: D_hack with signs flipped within pairs
    [third, *shape]. elsewhere: D_hack of another source [third, *shape]. forms: how many pairs of
    each a third has.
    """

    blocks: dict[str, Float[Tensor, "t b ..."]]
    fits: dict[int, Float[Tensor, "t ..."]]
    flipped: Float[Tensor, "t ..."]
    elsewhere: Float[Tensor, "t ..."] | None = None
    forms: dict[str, int] = field(default_factory=dict)

    @property
    def measured(self) -> list[str]:
        """The classes that have doses."""
        return [of for of in self.blocks if of != "unmatched"]

    def mean(self, of: str, third: int) -> Float[Tensor, "..."]:
        return self.blocks[of][third].sum(0)


@dataclass(frozen=True)
class Family:
    """A set and those of its first directions, each a row of the table.

    labels: real, a form (of its hacks alone), flipped, haar, elsewhere (those of another source),
    given (made beforehand, from whatever problems). bound: which of a movement's coordinates are
    taken (`hold`). norm: of the D it was fitted to.
    """

    recipe: str
    hacks: int
    labels: str
    of: Movements
    bound: Literal["equal", "half", "half_jointly"]
    norm: float

    def kept_out(self, c: Tensor) -> Tensor:
        """half_jointly: of a step along D itself, by a factor that only all weights give."""
        if self.bound == "half_jointly":
            return torch.full_like(c, self.norm)
        return c.clamp_min(0) if self.bound == "half" else c


def rotations() -> list[tuple[int, int, int]]:
    """(third of the fit, of the step, of the gain)."""
    found = []
    for fit in range(THIRDS):
        found.append((fit, (fit + 1) % THIRDS, (fit + 2) % THIRDS))
    return found


def rows(
    name: str,
    G: Gradients,
    side: Side | None,
    names: list[str],
    ranks: list[int],
    given: Mapping[str, Movements] = MappingProxyType({}),
) -> pl.DataFrame:
    """A row a set, class, step, rotation and block of one parameter.

    side: None where no set touches it: its gain enters all doses from below. given: sets of this
    weight that were made beforehand, by their folder. Columns: recipe, r,
    hacks, labels, of, step, rotation, block, gain, energy, along, weight. recipe "all" is the whole
    step. along: <Δ, D> of sets with one condition for the model, else NaN.
    """
    found = []
    for k, (fit, step, gain) in enumerate(rotations()):
        Δ_of = steps(G, fit, step)
        parts = [whole(Δ_of, G, gain)]
        sets = families(name, G, fit, side, names, max(ranks)) if side else []
        old = (Family(key, 0, "given", of, "equal", 1.0) for key, of in given.items())
        for one in chain(sets, old):
            parts.append(of_family(one, grid(one, ranks), Δ_of, G, gain))
        found += [part.with_columns(rotation=pl.lit(k)) for part in parts]
    return pl.concat(found).with_columns(weight=pl.lit(name))


def steps(G: Gradients, fit: int, step: int) -> dict[tuple[str, str], Float[Tensor, "..."]]:
    """By class and kind."""
    Δ_of = {("hack", OWN): G.mean("hack", fit)}
    for of in G.measured:
        D = G.mean(of, step)
        Δ_of[of, "sgd"] = D
        Δ_of[of, "sign"] = D.sign()
    return Δ_of


def grid(one: Family, ranks: list[int]) -> list[int]:
    """Controls stand at every power of two as well, and are half as wide again, so that one of
    equal cost can be read off. A rank beyond what a set has is all of it.
    """
    if isinstance(one.of, Matrix):
        return [NO_RANK]
    if one.labels not in ("flipped", "haar"):
        return ranks
    r = max(ranks)
    powers_of_two = [2**k for k in range(r.bit_length())]
    return sorted({*ranks, *powers_of_two, wider(r)})


def wider(r: int) -> int:
    return r + r // 2


def whole(
    Δ_of: Mapping[tuple[str, str], Float[Tensor, "..."]], G: Gradients, gain: int
) -> pl.DataFrame:
    """What the whole steps gain in every block, and their energies."""
    values = []
    for (of, _), Δ in Δ_of.items():
        D_of_blocks = G.blocks[of][gain].flatten(1)
        gains = D_of_blocks @ Δ.flatten()
        energy = torch.linalg.vector_norm(Δ, dtype=torch.float64).square()
        along = torch.full_like(energy, torch.nan)
        own = [*gains.double(), energy, along]
        values.append(torch.stack(own)[:, None])
    keys = {"recipe": "all", "hacks": 0, "labels": "real"}
    return _table(keys, list(Δ_of), [NO_RANK], torch.stack(values))


def of_family(
    one: Family,
    ranks: list[int],
    Δ_of: Mapping[tuple[str, str], Float[Tensor, "o i"]],
    G: Gradients,
    gain: int,
) -> pl.DataFrame:
    """The same of what the first r directions take, for each of these r."""
    of_blocks = {}
    for of in G.measured:
        of_blocks[of] = [one.of.coordinates(D) for D in G.blocks[of][gain]]
    values = []
    for (of, _), Δ in Δ_of.items():
        c = one.of.coordinates(Δ)
        taken = one.kept_out(c).double()
        gains = [taken * D for D in of_blocks[of]]
        energy = taken.square()
        along = torch.full_like(taken, torch.nan)
        if one.bound == "half_jointly":
            along = taken * c
        first_r = [one.of.nested(product) for product in (*gains, energy, along)]
        values.append(torch.stack(first_r))
    of_ranks = torch.stack(values)
    widest = of_ranks.shape[2]
    at = [min(max(r, 1), widest) - 1 for r in ranks]
    keys = {"recipe": one.recipe, "hacks": one.hacks, "labels": one.labels}
    return _table(keys, list(Δ_of), ranks, of_ranks[:, :, at])


def _table(
    keys: Mapping[str, str | int],
    kinds: list[tuple[str, str]],
    ranks: list[int],
    values: Float[Tensor, "m v r"],
) -> pl.DataFrame:
    """values: of each kind of step the gains in every block, then energy and along."""
    v = values.cpu().numpy()
    n = v.shape[1] - 2
    step, block, rank = np.indices((len(kinds), n, len(ranks))).reshape(3, -1)
    table = pl.DataFrame(
        {
            "of": [kinds[i][0] for i in step],
            "step": [kinds[i][1] for i in step],
            "r": np.array(ranks)[rank],
            "block": block,
            "gain": v[step, block, rank],
            "energy": v[step, n, rank],
            "along": v[step, n + 1, rank],
        }
    )
    constants = {key: pl.lit(value) for key, value in keys.items()}
    return table.with_columns(**constants)


def families(
    name: str, G: Gradients, third: int, side: Side, names: list[str], r: int
) -> Iterator[Family]:
    """Every recipe at every number of hacks, and its controls, r wide."""
    all_hacks = max(G.fits)
    labelings = [(n, "real", D[third]) for n, D in G.fits.items()]
    labelings.append((all_hacks, "flipped", G.flipped[third]))
    if G.elsewhere is not None:
        labelings.append((all_hacks, "elsewhere", G.elsewhere[third]))
    for form, n in G.forms.items():
        labelings.append((n, form, G.mean(f"hack_{form}", third)))
    skill = G.mean("skill", third)
    tests = G.mean("tests", third)
    for hacks, labels, hack in labelings:
        D = Classes(hack, skill, tests)
        norm = hack.norm().item()
        width = wider(r) if labels == "flipped" else r
        for recipe in names:
            module = recipes.get(recipe)
            of = module.fit(D, side, width)
            if not module.HALF:
                yield Family(recipe, hacks, labels, of, "equal", norm)
                continue
            yield Family(recipe, hacks, labels, of, "half", norm)
            yield Family(f"{recipe}_jointly", hacks, labels, of, "half_jointly", norm)
    d_out, d_in = tests.shape
    d = d_in if side == "reads" else d_out
    B = haar.orthonormal(d, wider(r), seed_of(0, name))
    drawn = Columns(B.to(tests), side)
    yield Family("signed", all_hacks, "haar", drawn, "equal", 1.0)
