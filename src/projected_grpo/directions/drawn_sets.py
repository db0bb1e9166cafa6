"""Sets of movements by a recipe and their controls, of every weight, from one pass over pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

import torch
from jaxtyping import Float
from torch import Tensor, nn

from projected_grpo.console import progress
from projected_grpo.directions import haar, movement_files, pair_gradients, placebos
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights import targets


@dataclass(frozen=True)
class Draw:
    """Where sets come from. placebo: None for the real labels. of: the class whose D the recipe
    takes for D_hack, None for none. seed: of its pairs' signs, 0 for those of the labels.
    """

    placebo: str | None
    of: str | None
    seed: int

    @property
    def place(self) -> str:
        """The folder, inside that of the real ones."""
        return placebos.subfolder(self.placebo, self.seed) if self.placebo else ""


REAL = Draw(None, "hack", 0)
# Whose signs are flipped.
CONTROLS = {"shuffled": "hack", "clean_vs_clean": "clean", "haar": None}


def draws(controls: Sequence[str], seeds: Sequence[int]) -> list[Draw]:
    """REAL first. controls: of CONTROLS."""
    drawn = [REAL]
    for name in controls:
        for seed in seeds:
            drawn.append(Draw(name, CONTROLS[name], seed))
    return drawn


def coefficients(n: int, seeds: Sequence[int]) -> Float[Tensor, "s n"]:
    """Of n pairs' mean, a row a seed: 0, as they are labelled, others with a drawn sign each."""
    signs = []
    for seed in seeds:
        own = placebos.flips(n, seed) if seed else torch.ones(n)
        signs.append(own)
    return torch.stack(signs) / n


def fit(
    model: nn.Module,
    recipe: ModuleType,
    widths: Mapping[str | None, int],
    chosen: Sequence[targets.Target],
    samples: Mapping[str, list],
    drawn: Sequence[Draw],
    gigabytes: float | None,
) -> dict[Draw, movement_files.Sets]:
    """Every draw's set and ‖D_hack‖ at every weight, on the CPU; a few weights at a time.

    widths: directions a weight, by placebo. samples: by class, pairs as `pair_gradients.tokens`.
    """
    seeds = seeds_of(recipe, samples, drawn)
    rows = {}
    for of, own in samples.items():
        rows[of] = coefficients(len(own), seeds[of])
    made = {draw: movement_files.Sets({}, {}, {}) for draw in drawn}
    params = {t.name: model.get_parameter(t.name) for t in chosen}
    n_sums = sum(len(own) for own in rows.values())
    room = pair_gradients.room(gigabytes, model.device)
    for group in progress(list(pair_gradients.passes(params, n_sums, room)), "weights"):
        found = {}
        for of, own in samples.items():
            found[of] = pair_gradients.weighted_sums(model, own, group, rows[of], of).sums
        for t in chosen:
            if t.name not in group:
                continue
            sums = {of: own.pop(t.name) for of, own in found.items()}
            others = [sums[of][0] for of in recipe.USES[1:]]
            for draw in drawn:
                width = widths[draw.placebo]
                if draw.of:
                    place = seeds[draw.of].index(draw.seed)
                    D = sums[draw.of][place]
                    fitted = recipe.fit(Classes(D, *others), t.side, width)
                    of = fitted.to(torch.empty(0))
                else:
                    D = sums["hack"][0]
                    real = made[REAL].of[t.name]
                    of = haar.like(real, t.name, width, draw.seed)
                made[draw].of[t.name] = of
                made[draw].norms[t.name] = D.norm().item()
    return made


def seeds_of(
    recipe: ModuleType,
    samples: Mapping[str, list],
    drawn: Sequence[Draw],
) -> dict[str, list[int]]:
    """By class, the seeds of the signs that its pairs' sums are asked with."""
    seeds = {of: [] for of in samples}
    for of in samples:
        if of in recipe.USES:
            # the labels' own signs
            seeds[of].append(0)
    for draw in drawn:
        if draw.of and draw.seed:
            seeds[draw.of].append(draw.seed)
    return seeds
