"""The dose in force: the share of the real update's gain in P(hack) that a constraint took.

    gain = <U, D>,  gain_taken = <T, D>,  dose = gain_taken / gain

U is what the optimizer's step did to all trainable parameters, T what the constraint took of it,
and D comes from the next held-out pairs at the weights before the step. One D is noisy: gains and
what was taken of them are to be summed over steps before they are divided.

cost = ‖T‖² / ‖U‖², both of every 16th row, so that no copy of the weights is kept.

gain_<form>, gain_taken_<form>: the same with D of those of these pairs whose hack is of the form;
weighted by their numbers they add up to gain. D of every form is a copy of the trained parameters.

gain_own, gain_taken_own: the same with D of the run's own hacks of the step before, which have not
entered this update. Held-out hacks are the start model's; a run comes to write others.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor, nn

from projected_grpo.directions import pair_files, pairs
from projected_grpo.interventions.base import Site
from projected_grpo.interventions.pair_sums import Pair, inner, mean
from projected_grpo.interventions.refresh import Order, read_pairs, with_signs
from projected_grpo.weights import lora, shards

OWN = "own"
# Of so many rows of a parameter one is in the energies.
ROWS = 16


def held_out(model: Path, folder: Path, manifest: dict) -> list[Pair]:
    """Hack pairs beside a set that was not fitted on them. model: a folder with a tokenizer."""
    rows = pair_files.read(folder, manifest).filter("held_out")
    return read_pairs(model, rows, "hack")


def trained(module: nn.Module) -> dict[str, nn.Parameter]:
    """The trainable parameters, by their base model's names."""
    params = {}
    for name, p in module.named_parameters():
        if p.requires_grad:
            params[lora.base_name(name)] = p
    return params


def some(p: Tensor) -> Tensor:
    """Every ROWS-th of this rank's rows."""
    return shards.local(p).detach()[::ROWS]


class DoseInForce:
    """samples: a step, held out and own. pairs: that no set was fitted on (`held_out`)."""

    def __init__(
        self,
        samples: int,
        module: nn.Module,
        site: Site,
        pairs: list[Pair],
    ) -> None:
        self.samples = samples
        self.module = module
        self.site = site
        self.order = Order(pairs)
        self.params = trained(module)
        # the run's own of the step before
        self.own: list[Pair] = []
        # by form: how many of the step's held-out pairs
        self.n: Counter[str] = Counter()
        # by form, and of the run's own: D by parameter
        self.D: dict[str, dict[str, Tensor]] = {}
        self.rows: dict[str, Tensor] = {}

    def see(self, step: int, rows: pl.DataFrame) -> None:
        """A step's labelled rollouts."""
        matched = pairs.matched(rows.select(pairs.COLUMNS), "hack", self.samples // 2, step)
        signs = [1] * (len(matched) // 2)
        self.own = with_signs(self.site.model, matched, signs)

    def before_step(self) -> None:
        held_out = self.order.take(self.samples // 2)
        self.n = Counter(pair.kind for pair in held_out)
        for form in self.n:
            of_form = [pair for pair in held_out if pair.kind == form]
            self.D[form] = self._mean(of_form)
        if self.own:
            self.D[OWN] = self._mean(self.own)
            self.own = []
        self.gain = -self._along()
        self.taken = torch.zeros_like(self.gain)
        # of T, of U
        self.energy = self.gain.new_zeros(2)
        self.rows = {name: some(p).clone() for name, p in self.params.items()}

    def moved(self) -> None:
        """When the optimizer has moved the weights and nothing has been taken yet."""
        self.gain = self.gain + self._along()
        for name, p in self.params.items():
            U = some(p) - self.rows.pop(name)
            self.energy[1] += inner(U, U)

    def take(self, name: str, T: Tensor) -> None:
        """What is taken of this rank's rows of a weight."""
        of_each = []
        for D in self.D.values():
            of_each.append(inner(T, D[name]))
        self.taken = self.taken + torch.stack(of_each)
        self.energy[0] += inner(T[::ROWS], T[::ROWS])

    def measured(self) -> dict[str, float]:
        """Of the step, over all ranks."""
        both = self._over_ranks()
        by_name = dict(zip(self.D, both.mT, strict=True))
        found = {}
        held_out = torch.zeros(2, dtype=both.dtype)
        for name, (gain, taken) in by_name.items():
            found[f"gain_{name}"] = gain.item()
            found[f"gain_taken_{name}"] = taken.item()
        for form, n in self.n.items():
            held_out += by_name[form] * n / self.n.total()
        gain, taken = held_out.tolist()
        found |= {"gain": gain, "gain_taken": taken}
        # a batch without advantages may move nothing
        if gain:
            of_T, of_U = self._add()(self.energy).tolist()
            found |= {"dose": taken / gain, "cost": of_T / of_U}
        self.D = {}
        return found

    def _mean(self, pairs: list[Pair]) -> dict[str, Tensor]:
        """D of these pairs by parameter, this rank's rows."""
        return mean(self.module, self.site.backward, self.params, pairs)

    def _along(self) -> Float[Tensor, " d"]:
        """<W, D> of this rank's rows for each D, in float64, so that the difference of two is exact
        enough.
        """
        along = []
        for D in self.D.values():
            of_weights = []
            for name, p in self.params.items():
                W = shards.local(p)
                of_weights.append(inner(W, D[name]))
            along.append(sum(of_weights))
        return torch.stack(along)

    def _over_ranks(self) -> Float[Tensor, "2 d"]:
        """Gain and what was taken of it for each D, on the CPU."""
        both = torch.stack([self.gain, self.taken])
        return self._add()(both).cpu()

    def _add(self) -> Callable[[Tensor], Tensor]:
        one = next(iter(self.params.values()))
        return shards.sum_over(one)
