"""All sums of pairs' gradients that doses need, of a few parameters at a time.

Thirds, blocks of problems inside them, numbers of hacks, flipped signs and forms are rows of
coefficients, so that one pass over the pairs serves them all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from tqdm import tqdm

from projected_grpo.directions import dose, pair_gradients, pairs

# Hack pairs of another source, on which sets are fitted too.
ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Plan:
    """blocks: of problems in a third. hacks: sets are fitted on so many of a third, and on all that
    it has. gigabytes: for sums. seed: of thirds, blocks and flips. forms: those that have classes.
    """

    blocks: int
    hacks: list[int]
    gigabytes: float
    seed: int
    forms: tuple[str, ...] = ()


def of_parameters(
    model: nn.Module, folder: Path, by_class: Mapping[str, pl.DataFrame], plan: Plan
) -> Iterator[tuple[str, dose.Gradients, float]]:
    """(name, gradients, Σ‖g‖² over hack pairs) of every parameter, a few parameters at a time."""
    samples = {of: pair_gradients.tokens(folder, own) for of, own in by_class.items()}
    places = places_of(by_class, plan)
    per_third = int(torch.bincount(places["hack"][:, 0]).max())
    # the last, all that a third has, needs no sums of its own
    fits = [*sorted({n for n in plan.hacks if n < per_third}), per_third]
    of_class = {of: coefficients(place, of, fits, plan) for of, place in places.items()}
    kinds = by_class["hack"].filter(sign=1)["kind"]
    for form in plan.forms:
        rows = coefficients(places["hack"], form, fits, plan, is_form(kinds, form))
        of_class["hack"] = torch.cat([of_class["hack"], rows])
    in_third = {form: max(in_thirds(kinds, places["hack"], form)) for form in plan.forms}
    n_sums = sum(map(len, of_class.values()))
    params = dict(model.named_parameters())
    groups = list(pair_gradients.passes(params, n_sums, plan.gigabytes))
    for names in tqdm(groups, desc="parameters"):
        found = {
            of: pair_gradients.weighted_sums(model, own, names, of_class[of], of)
            for of, own in samples.items()
        }
        for name in names:
            sums = {of: own.sums.pop(name) for of, own in found.items()}
            energy = found["hack"].energy[name].sum().item()
            yield name, split(sums, plan.blocks, fits, in_third), energy


def places_of(by_class: Mapping[str, pl.DataFrame], plan: Plan) -> dict[str, Int[Tensor, "p 2"]]:
    """Third and block of each class's pairs."""
    every = pl.concat([own["problem_id"] for own in by_class.values()])
    places = {}
    for of, own in by_class.items():
        problems = own.filter(sign=1)["problem_id"]
        places[of] = pairs.parts(problems, every, plan.blocks, plan.seed)
    return places


def is_form(kinds: pl.Series, form: str) -> Bool[Tensor, " p"]:
    return torch.tensor((kinds == form).to_list())


def in_thirds(kinds: pl.Series, place: Int[Tensor, "p 2"], form: str) -> list[int]:
    """How many pairs of the form each third has. kinds, place: of each hack pair."""
    third = place[is_form(kinds, form), 0]
    return torch.bincount(third, minlength=pairs.THIRDS).tolist()


def coefficients(
    place: Int[Tensor, "p 2"],
    of: str,
    fits: list[int],
    plan: Plan,
    mine: Bool[Tensor, " p"] | None = None,
) -> Float[Tensor, "s p"]:
    """What each pair adds to the sums of its class, in the order in which `split` takes them apart.

    place: third and block of each pair. mine: those that count, all unless given. All are means
    over the class's pairs, times the share of the pairs that they hold.
    """
    mine = torch.ones(len(place), dtype=torch.bool) if mine is None else mine
    n = int(mine.sum())
    third, block = torch.where(mine, place[:, 0], -1), place[:, 1]
    rows = [(third == t) & (block == b) for t in range(pairs.THIRDS) for b in range(plan.blocks)]
    if of in ("unmatched", ELSEWHERE):
        # no intervals are asked of these
        rows = [third == t for t in range(pairs.THIRDS)]
    if of == "hack":
        for hacks in fits[:-1]:
            rows += [first(third == t, hacks) for t in range(pairs.THIRDS)]
    sums = torch.stack(rows).float() / n
    if of != "hack":
        return sums
    signs = torch.randint(2, (n,), generator=torch.Generator().manual_seed(plan.seed)) * 2 - 1
    flipped = [(third == t) * signs / n for t in range(pairs.THIRDS)]
    return torch.cat([sums, torch.stack(flipped)])


def first(mine: Bool[Tensor, " p"], n: int) -> Bool[Tensor, " p"]:
    """The first n of those that are mine."""
    return mine & (mine.cumsum(0) <= n)


def split(
    sums: dict[str, Tensor], blocks: int, fits: list[int], forms: dict[str, int]
) -> dose.Gradients:
    """A parameter's sums by class, taken apart. forms: as `dose.Gradients`."""
    n = pairs.THIRDS * blocks
    elsewhere = sums.pop(ELSEWHERE, None)
    sizes = [n, pairs.THIRDS * len(fits), *[n] * len(forms)]
    sums["hack"], others, *of_forms = sums["hack"].split(sizes)
    sums |= {f"hack_{form}": own for form, own in zip(forms, of_forms, strict=True)}
    by_class = {of: own[:n].unflatten(0, (pairs.THIRDS, -1)) for of, own in sums.items()}
    *few, flipped = others.unflatten(0, (len(fits), pairs.THIRDS))
    everything = by_class["hack"].sum(1)
    by_hacks = dict(zip(fits, [*few, everything], strict=True))
    return dose.Gradients(by_class, by_hacks, flipped, elsewhere, forms)
