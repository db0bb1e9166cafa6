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

from projected_grpo.console import progress
from projected_grpo.directions import dose, pair_gradients, pairs, placebos

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
    model: nn.Module,
    folder: Path,
    by_class: Mapping[str, pl.DataFrame],
    plan: Plan,
) -> Iterator[tuple[str, dose.Gradients, float]]:
    """(name, gradients, Σ‖g‖² over hack pairs) of every parameter, a few parameters at a time."""
    samples = {}
    for of, own in by_class.items():
        samples[of] = pair_gradients.tokens(folder, own)
    places = places_of(by_class, plan)
    kinds = by_class["hack"].filter(sign=1)["kind"]
    fits = numbers_of_hacks(places["hack"], plan)
    of_class = of_classes(places, kinds, fits, plan)
    forms = {}
    for form in plan.forms:
        forms[form] = max(in_thirds(kinds, places["hack"], form))
    n_sums = sum(len(rows) for rows in of_class.values())
    params = dict(model.named_parameters())
    groups = list(pair_gradients.passes(params, n_sums, plan.gigabytes))
    for names in progress(groups, "parameters"):
        found = {}
        for of, own in samples.items():
            found[of] = pair_gradients.weighted_sums(
                model, own, names, of_class[of], of, energies=of == "hack"
            )
        for name in names:
            sums = {of: own.sums.pop(name) for of, own in found.items()}
            energy = found["hack"].energy[name].sum()
            G = split(sums, plan.blocks, fits, forms)
            yield name, G, energy.item()


def places_of(by_class: Mapping[str, pl.DataFrame], plan: Plan) -> dict[str, Int[Tensor, "p 2"]]:
    """Third and block of each class's pairs."""
    every = pl.concat([own["problem_id"] for own in by_class.values()])
    places = {}
    for of, own in by_class.items():
        problems = own.filter(sign=1)["problem_id"]
        places[of] = pairs.parts(problems, every, plan.blocks, plan.seed)
    return places


def numbers_of_hacks(place: Int[Tensor, "p 2"], plan: Plan) -> list[int]:
    """On how many of a third's hacks sets are fitted; the last is all that the fullest has."""
    third = place[:, 0]
    per_third = int(torch.bincount(third).max())
    fewer = {n for n in plan.hacks if n < per_third}
    return [*sorted(fewer), per_third]


def of_classes(
    places: Mapping[str, Int[Tensor, "_ 2"]],
    kinds: pl.Series,
    fits: list[int],
    plan: Plan,
) -> dict[str, Float[Tensor, "_ _"]]:
    """Every class's coefficients; a form's rows stand behind those of all hacks."""
    of_class = {}
    for of, place in places.items():
        of_class[of] = coefficients(place, of, fits, plan)
    hack = [of_class["hack"]]
    for form in plan.forms:
        mine = is_form(kinds, form)
        rows = coefficients(places["hack"], form, fits, plan, mine)
        hack.append(rows)
    of_class["hack"] = torch.cat(hack)
    return of_class


def is_form(kinds: pl.Series, form: str) -> Bool[Tensor, " p"]:
    mine = kinds == form
    return torch.tensor(mine.to_list())


def in_thirds(kinds: pl.Series, place: Int[Tensor, "p 2"], form: str) -> list[int]:
    """How many pairs of the form each third has. kinds, place: of each hack pair."""
    mine = is_form(kinds, form)
    third = place[mine, 0]
    n = torch.bincount(third, minlength=pairs.THIRDS)
    return n.tolist()


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
    if mine is None:
        mine = torch.ones(len(place), dtype=torch.bool)
    n = int(mine.sum())
    third = torch.where(mine, place[:, 0], -1)
    block = place[:, 1]
    of_thirds = [third == t for t in range(pairs.THIRDS)]
    if of in ("unmatched", ELSEWHERE):
        # no intervals are asked of these
        return torch.stack(of_thirds).float() / n
    rows = []
    for own in of_thirds:
        for b in range(plan.blocks):
            rows.append(own & (block == b))
    if of != "hack":
        return torch.stack(rows).float() / n
    # all that a third has, the last, is the sum of its blocks
    for hacks in fits[:-1]:
        rows += [first(own, hacks) for own in of_thirds]
    signs = placebos.flips(n, plan.seed)
    flipped = torch.stack(of_thirds) * signs
    labelled = torch.stack(rows).float()
    return torch.cat([labelled, flipped]) / n


def first(mine: Bool[Tensor, " p"], n: int) -> Bool[Tensor, " p"]:
    """The first n of those that are mine."""
    so_far = mine.cumsum(0)
    return mine & (so_far <= n)


def split(
    sums: dict[str, Tensor],
    blocks: int,
    fits: list[int],
    forms: dict[str, int],
) -> dose.Gradients:
    """A parameter's sums by class, taken apart. forms: as `dose.Gradients`."""
    elsewhere = sums.pop(ELSEWHERE, None)
    n_blocks = pairs.THIRDS * blocks
    n_others = pairs.THIRDS * len(fits)
    form_sizes = [n_blocks] * len(forms)
    hack, others, *of_forms = sums["hack"].split([n_blocks, n_others, *form_sizes])
    sums["hack"] = hack
    for form, own in zip(forms, of_forms, strict=True):
        sums[f"hack_{form}"] = own
    by_class = {}
    for of, own in sums.items():
        of_blocks = own[:n_blocks]
        by_class[of] = of_blocks.unflatten(0, (pairs.THIRDS, -1))
    *few, flipped = others.unflatten(0, (len(fits), pairs.THIRDS))
    everything = by_class["hack"].sum(1)
    by_hacks = dict(zip(fits, [*few, everything], strict=True))
    return dose.Gradients(
        blocks=by_class,
        fits=by_hacks,
        flipped=flipped,
        elsewhere=elsewhere,
        forms=forms,
    )
