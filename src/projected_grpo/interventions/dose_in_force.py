"""The dose in force: the share of the real update's gain in P(hack) that a constraint took.

    gain = <U, D>,  gain_taken = <T, D>,  dose = gain_taken / gain

U is what the optimizer's step did to all trainable parameters, T what the constraint took of it,
and D comes from the next held-out pairs at the weights before the step. One D is noisy: gains and
what was taken of them are to be summed over steps before they are divided.

cost = ‖T‖² / ‖U‖², both of every 16th row, so that no copy of the weights is kept.

gain_<form>, gain_taken_<form>: the same with D of those of these pairs whose hack is of the form;
weighted by their numbers they add up to gain. D of every form is a copy of the trained parameters.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from projected_grpo.directions import pair_files
from projected_grpo.interventions.base import Site
from projected_grpo.interventions.pair_sums import Pair, inner, summed
from projected_grpo.interventions.refresh import Order, read_pairs
from projected_grpo.weights import lora, shards

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
    """samples: a step. pairs: that no set was fitted on (`held_out`)."""

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
        # by form: how many of the step's pairs, and their D by parameter
        self.n: Counter[str] = Counter()
        self.D: dict[str, dict[str, Tensor]] = {}
        self.rows: dict[str, Tensor] = {}

    def before_step(self) -> None:
        pairs = self.order.take(self.samples // 2)
        self.n = Counter(pair.kind for pair in pairs)
        for form in self.n:
            own = [pair for pair in pairs if pair.kind == form]
            self.D[form] = self._mean(own)
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
        of_forms = []
        for D in self.D.values():
            of_forms.append(inner(T, D[name]))
        self.taken = self.taken + torch.stack(of_forms)
        self.energy[0] += inner(T[::ROWS], T[::ROWS])

    def measured(self) -> dict[str, float]:
        """Of the step, over all ranks."""
        of_forms = self._over_ranks()
        n = torch.tensor(list(self.n.values()), dtype=torch.float64)
        gain, taken = of_forms @ n / self.n.total()
        found = {"gain": gain.item(), "gain_taken": taken.item()}
        by_form = zip(self.D, of_forms.mT.tolist(), strict=True)
        for form, (own, own_taken) in by_form:
            found[f"gain_{form}"] = own
            found[f"gain_taken_{form}"] = own_taken
        # a batch without advantages may move nothing
        if gain:
            dose = taken / gain
            found["dose"] = dose.item()
            taken_energy, energy = self._add()(self.energy).tolist()
            found["cost"] = taken_energy / energy
        self.D = {}
        return found

    def _mean(self, pairs: list[Pair]) -> dict[str, Tensor]:
        """D of these pairs by parameter, this rank's rows."""
        sums = summed(self.module, self.site.backward, self.params, pairs)
        for x in sums.of.values():
            x.div_(len(pairs))
        return sums.of

    def _along(self) -> Float[Tensor, " f"]:
        """<W, D> of this rank's rows by form, in float64, so that the difference of two is exact
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

    def _over_ranks(self) -> Float[Tensor, "2 f"]:
        """Gain and what was taken of it by form, on the CPU."""
        both = torch.stack([self.gain, self.taken])
        return self._add()(both).cpu()

    def _add(self) -> Callable[[Tensor], Tensor]:
        one = next(iter(self.params.values()))
        return shards.sum_over(one)
