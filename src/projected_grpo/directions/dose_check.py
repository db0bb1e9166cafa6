"""Whether a step does what its first-order gain says: held-out pairs before and after real steps.

Of three thirds of the hack pairs' problems, signed columns are fitted on the first, one step from
the start of SGD and of Adam is taken along D of the second, and the third's pairs are measured, by
the mean of ln p(hack) - ln p(beside it):

    predicted = Σ_all <W - W₀, D₃>        held: what the columns take of W - W₀ is taken off

A dose is 1 - held / free, of predictions or of measurements. It holds the model four times over in
fp32, and Adam's state.
"""

from collections.abc import Iterable, Mapping, Sequence

import polars as pl
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from projected_grpo.directions import pair_gradients, recipes
from projected_grpo.directions.activations import Tokens
from projected_grpo.directions.pairs import THIRDS
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Movements, taken

# Pairs of the last third whose ln p is measured, in fp32.
MEASURED = 32
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
Pairs = Sequence[tuple[Tokens, Tokens]]


def table(
    model: nn.Module,
    pairs: Pairs,
    third: Int[Tensor, " p"],
    side: Mapping[str, Side],
    r: int,
    sizes: Sequence[float],
) -> pl.DataFrame:
    """A row an optimizer and size of step, the root mean square of a parameter's movement.

    third: of each pair. side: of each weight that a set holds. The model comes back as it was, in
    fp32 at least.
    """
    if next(model.parameters()).dtype is torch.bfloat16:
        model.float()
    D = thirds(model, pairs, third)
    held_out = [pair for pair, t in zip(pairs, third, strict=True) if t == THIRDS - 1][:MEASURED]
    of = {}
    for name, own in side.items():
        of[name] = recipes.get("signed").fit(Classes(D[name][0]), own, r)
    before = gap(model, held_out)
    lines = []
    for optimizer in OPTIMIZERS:
        for size in sizes:
            free = step(model, D, {}, optimizer, size, held_out)
            held = step(model, D, of, optimizer, size, held_out)
            lines.append(
                {
                    "optimizer": optimizer,
                    "size": size,
                    "predicted": free[0],
                    "measured": free[1] - before,
                    "held, predicted": held[0],
                    "held, measured": held[1] - before,
                    "dose, predicted": 1 - held[0] / free[0],
                    "dose, measured": 1 - (held[1] - before) / (free[1] - before),
                }
            )
    return pl.DataFrame(lines)


def thirds(
    model: nn.Module, pairs: Pairs, third: Int[Tensor, " p"]
) -> dict[str, Float[Tensor, "t ..."]]:
    """D of each third of every parameter, the last third's of the pairs that are measured."""
    mine = torch.stack([third == t for t in range(THIRDS)])
    mine[-1] &= mine[-1].cumsum(0) <= MEASURED
    means = mine / mine.sum(1, keepdim=True)
    names = [name for name, _ in model.named_parameters()]
    return pair_gradients.weighted_sums(model, pairs, names, means).sums


@torch.no_grad()
def gap(model: nn.Module, pairs: Pairs) -> float:
    """Mean of ln p(one) - ln p(other)."""
    total = 0.0
    for pair in pairs:
        one, other = pair_gradients.log_p(model, pair, exact=True).tolist()
        total += one - other
    return total / len(pairs)


@torch.no_grad()
def step(
    model: nn.Module,
    D: Mapping[str, Float[Tensor, "t ..."]],
    of: Mapping[str, Movements],
    optimizer: str,
    size: float,
    held_out: Pairs,
) -> tuple[float, float]:
    """(predicted change, gap after it) of one step from the weights, which are put back."""
    params = dict(model.named_parameters())
    start = {name: W.detach().clone() for name, W in params.items()}
    for name, W in params.items():
        # up the second third's gain
        W.grad = -D[name][1].to(W)
    lr = size if optimizer == "adam" else size / rms(W.grad for W in params.values())
    OPTIMIZERS[optimizer](params.values(), lr=lr).step()
    predicted = 0.0
    for name, W in params.items():
        W.grad = None
        if name in of:
            W.sub_(taken(of[name].to(W), W - start[name]))
        predicted += ((W - start[name]) * D[name][2]).sum(dtype=torch.float64).item()
    after = gap(model, held_out)
    for name, W in params.items():
        W.copy_(start[name])
    return predicted, after


def rms(parts: Iterable[Tensor]) -> float:
    energy = n = 0.0
    for g in parts:
        energy += torch.linalg.vector_norm(g, dtype=torch.float64).square().item()
        n += g.numel()
    return (energy / n) ** 0.5
