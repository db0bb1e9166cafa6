"""How a held set is kept fresh: settings, and the average of gradients that it is fitted on anew.

    static   the set that `just columns` made
    replay   its pairs' gradients anew at the current weights: labels once, gradients every k steps
    own      the run's own labelled pairs of the steps since: labels every k steps

D = S / n over refreshes, S = Σ_t λ^age_t Σ_p g, n = Σ_t λ^age_t pairs_t, λ = .5^(1 / half-life).
The first refresh, before the first step, takes all of the set's pairs and gives the set that was
made of them; each later one the next `samples`, in the file's seeded order, then from its start.
A run that goes on from a checkpoint lacks the own rollouts of the step that wrote it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl
from torch import Tensor, nn

from projected_grpo.cli import Refusal
from projected_grpo.directions import pair_files, pair_gradients, pairs, placebos, recipes
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.interventions.base import Site
from projected_grpo.interventions.pair_sums import Pair, Sums, empty, inner, summed
from projected_grpo.weights import shards
from projected_grpo.weights.sets import Movements
from projected_grpo.weights.targets import Target


@dataclass(frozen=True)
class Refresh:
    """every: updates. samples: of each class a refresh, two a pair. half_life: updates, 0: the
    newest alone. measure: held-out samples an update for the dose in force, 0: not measured.
    """

    from_: Literal["static", "replay", "own"] = "static"
    every: int = 1
    samples: int = 64
    half_life: float = 4.0
    measure: int = 0

    def __str__(self) -> str:
        return self.from_

    @property
    def moving(self) -> bool:
        return self.from_ != "static"

    def check(self, folder: Path, manifest: dict) -> None:
        """Refusal where the set cannot be kept fresh, or measured, like this."""
        if self.every < 1 or self.half_life < 0:
            raise Refusal(
                f"refresh: every={self.every} half_life={self.half_life:g}: "
                "expected 1 or more steps, and 0 or more"
            )
        _even("samples", self.samples, least=2)
        _even("measure", self.measure, least=0)
        held_out = pair_files.read(folder, manifest)["held_out"]
        if self.moving and held_out.all():
            raise Refusal(f"the set in {folder} was fitted on no pairs: leave refresh.from=static")
        if self.from_ == "own" and manifest.get("placebo") == "clean_vs_clean":
            raise Refusal("refresh.from=own has no clean pairs: choose replay, or v=shuffled")
        if self.measure and not held_out.any():
            raise Refusal(
                f"all pairs of the set in {folder} were fitted on: make it with "
                "`just columns ... held_out=true`, or leave refresh.measure=0"
            )
        if self.moving:
            recipes.get(manifest["columns"])


def _even(name: str, n: int, least: int) -> None:
    """Refusal where a number of samples is none of whole pairs."""
    if n < least or n % 2:
        raise Refusal(f"refresh: {name}={n}: expected an even number, {least} or more")


@dataclass
class Average:
    """S, n, and what flipped signs would leave of ‖S‖², of a class."""

    of: dict[str, Tensor]
    n: float = 0.0
    flipped: float = 0.0

    def add(self, new: Sums, decay: float) -> None:
        for name, x in self.of.items():
            x.mul_(decay).add_(new.of[name])
        self.n = decay * self.n + new.n
        self.flipped = decay**2 * self.flipped + new.flipped


class Order:
    """A class's pairs, some at a time."""

    def __init__(self, all_pairs: list[Pair]) -> None:
        self.all = all_pairs
        self.place = 0

    def take(self, n: int) -> list[Pair]:
        """The next n, from the start again at the end; not more than there are."""
        n = min(n, len(self.all))
        rotated = self.all[self.place :] + self.all[: self.place]
        self.place = (self.place + n) % len(self.all)
        return rotated[:n]


def read_pairs(model: Path, rows: pl.DataFrame, of: str) -> list[Pair]:
    """rows: of `pair_files`; model: a folder with a tokenizer."""
    own = rows.filter(pl.col("of") == of)
    signs = own["sign"].to_list()[::2]
    return with_signs(model, own, signs)


def with_signs(model: Path, rows: pl.DataFrame, signs: Sequence[int]) -> list[Pair]:
    """rows: of `pairs.matched`; signs: of each pair. A step may have none."""
    if not signs:
        return []
    tokens = pair_gradients.tokens(model, rows)
    kinds = rows["kind"].to_list()[::2]
    found = []
    for (one, other), sign, kind in zip(tokens, signs, kinds, strict=True):
        assert one.response != other.response, "two samples are the same"
        found.append(Pair(one, other, sign, kind))
    return found


class Fresh:
    """The averages of one run. params: the held weights, by their targets' names."""

    def __init__(
        self,
        settings: Refresh,
        module: nn.Module,
        site: Site,
        params: dict[str, nn.Parameter],
        folder: Path,
        manifest: dict,
    ) -> None:
        self.settings = settings
        self.module = module
        self.site = site
        self.params = params
        self.recipe = recipes.get(manifest["columns"])
        self.r = int(manifest["r"])
        self.form = manifest.get("hack_form", "all")
        # of a placebo the run's own signs are flipped as well
        self.seed = manifest["placebo_seed"] if manifest.get("placebo") else None
        every = pair_files.read(folder, manifest)
        rows = pair_files.fitted(every)
        self.orders = {}
        self.averages = {}
        for of in self.recipe.USES:
            own = read_pairs(site.model, rows, of)
            self.orders[of] = Order(own)
            nothing = {name: empty(p) for name, p in params.items()}
            self.averages[of] = Average(nothing)
        self.rows: list[pl.DataFrame] = []
        self.last = 0

    def due(self, step: int) -> bool:
        """step: updates so far."""
        return step % self.settings.every == 0

    def see(self, rows: pl.DataFrame) -> None:
        """A step's labelled rollouts."""
        if self.settings.from_ == "own":
            clean = ~pl.col("blatant")
            counting = rows.filter(clean | pairs.of_form(self.form))
            self.rows.append(counting.select(pairs.COLUMNS))

    def update(self, step: int) -> bool:
        """Takes gradients into the averages; False where there is no new hack."""
        found = self._next(step)
        if not found["hack"]:
            return False
        decay = self._decay(step - self.last)
        for of, own in found.items():
            # a class without new pairs keeps its average
            if own:
                sums = summed(self.module, self.site.backward, self.params, own)
                self.averages[of].add(sums, decay)
        self.last = step
        return True

    def _decay(self, age: int) -> float:
        """What is left of an average after so many updates."""
        half_life = self.settings.half_life
        if half_life == 0:
            return 0.0
        return 0.5 ** (age / half_life)

    def _next(self, step: int) -> dict[str, list[Pair]]:
        if self.averages["hack"].n == 0:
            return {of: order.all for of, order in self.orders.items()}
        n = self.settings.samples // 2
        if self.settings.from_ == "replay":
            return {of: order.take(n) for of, order in self.orders.items()}
        if not self.rows:
            return {of: [] for of in self.orders}
        rows = pl.concat(self.rows)
        self.rows = []
        return {of: self._own(rows, of, n, step) for of in self.orders}

    def _own(self, rows: pl.DataFrame, of: str, n: int, step: int) -> list[Pair]:
        own = pairs.matched(rows, of, n, step)
        signs = [1] * (len(own) // 2)
        if of == "hack" and self.seed is not None:
            flips = placebos.flips(len(signs), 1000 * self.seed + step)
            signs = [int(flip) for flip in flips]
        return with_signs(self.site.model, own, signs)

    def fitted(self, target: Target) -> tuple[Movements, float]:
        """(the recipe's set of the whole weight, ‖D_hack‖)."""
        p = self.params[target.name]
        D = {}
        for of, average in self.averages.items():
            own = average.of[target.name] / average.n
            D[of] = shards.gathered(own, p)
        movements = self.recipe.fit(Classes(**D), target.side, self.r)
        norm = D["hack"].norm()
        return movements, norm.item()

    def rho(self) -> float:
        """The signal's share of the energy of D_hack: of S, of which 1/n² is D's."""
        average = self.averages["hack"]
        one = next(iter(self.params.values()))
        add = shards.sum_over(one)
        own = sum(inner(x, x) for x in average.of.values())
        energy = add(own)
        return 1 - average.flipped / energy.item()

    def state(self) -> dict[str, Any]:
        averages = {of: vars(average) for of, average in self.averages.items()}
        places = {of: order.place for of, order in self.orders.items()}
        rows = [part.to_dicts() for part in self.rows]
        return {"averages": averages, "places": places, "rows": rows, "last": self.last}

    def load_state(self, state: dict[str, Any]) -> None:
        for of, held in state["averages"].items():
            self.averages[of] = Average(**held)
            self.orders[of].place = state["places"][of]
        self.rows = []
        for part in state["rows"]:
            rows = pl.DataFrame(part, infer_schema_length=None)
            self.rows.append(rows)
        self.last = state["last"]
