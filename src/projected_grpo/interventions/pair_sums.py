"""Sums of pairs' gradients at the weights of the moment, through the pass that training takes.

g = ∇[ln p(one | prompt) - ln p(other | prompt)] as in `directions/pair_gradients.py`. The step's
own gradients are set aside meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from projected_grpo.directions.activations import Tokens
from projected_grpo.interventions.base import Backward
from projected_grpo.weights import shards

# At most, on all ranks together: one forward and backward pass serves so many.
PAIRS_A_PASS = 8


@dataclass(frozen=True)
class Pair:
    """one: of the class, beside the other. sign: 1, or -1 where a placebo flips it. kind: of one's
    test function, a hack's form.
    """

    one: Tokens
    other: Tokens
    sign: int
    kind: str = "none"


@dataclass(frozen=True)
class Sums:
    """of: by parameter Σ sign g, this rank's rows, fp32 or wider. n: pairs.

    flipped: the squared norm over all of them that flipping every pair's sign at random would leave
    in expectation.
    """

    of: dict[str, Tensor]
    n: int
    flipped: float


@contextmanager
def set_aside(module: nn.Module) -> Iterator[None]:
    """Without gradients inside; afterwards with those from before."""
    kept = [p.grad for p in module.parameters()]
    _forget(module)
    yield
    for p, grad in zip(module.parameters(), kept, strict=True):
        p.grad = grad


def _forget(module: nn.Module) -> None:
    for p in module.parameters():
        p.grad = None


def summed(
    module: nn.Module,
    backward: Backward,
    params: Mapping[str, nn.Parameter],
    pairs: Sequence[Pair],
) -> Sums:
    """Of `params`, which are the module's; every rank gives the same pairs."""
    one = next(iter(params.values()))
    ranks, rank = shards.ranks(one), shards.rank(one)
    add = shards.sum_over(one)
    total = {name: empty(p) for name, p in params.items()}
    # two groups at least, so that signal and noise can be told apart
    size = min(PAIRS_A_PASS, -(-len(pairs) // 2))
    energies, sizes = [], []
    with set_aside(module):
        for group in _groups(pairs, size):
            backward(*_samples(group, ranks, rank))
            found = _gradients(params)
            for name, g in found.items():
                total[name].add_(g)
            _forget(module)
            energies.append(add(energy(found)).item())
            sizes.append(len(group))
    whole = add(energy(total)).item()
    return Sums(total, len(pairs), flipped(whole, energies, sizes))


def mean(
    module: nn.Module,
    backward: Backward,
    params: Mapping[str, nn.Parameter],
    pairs: Sequence[Pair],
) -> dict[str, Tensor]:
    """Of the pairs' g, as `summed`'s: no noise is asked for, so gradients add up by themselves."""
    one = next(iter(params.values()))
    ranks, rank = shards.ranks(one), shards.rank(one)
    total = {name: empty(p) for name, p in params.items()}
    with set_aside(module):
        for group in _groups(pairs, PAIRS_A_PASS):
            backward(*_samples(group, ranks, rank))
        for name, g in _gradients(params).items():
            total[name].add_(g, alpha=1 / len(pairs))
        _forget(module)
    return total


def _groups(pairs: Sequence[Pair], size: int) -> Iterator[Sequence[Pair]]:
    for first in range(0, len(pairs), size):
        yield pairs[first : first + size]


def _gradients(params: Mapping[str, nn.Parameter]) -> dict[str, Tensor]:
    """This rank's rows of those that a pass has reached."""
    found = {}
    for name, p in params.items():
        if p.grad is not None:
            found[name] = shards.local(p.grad)
    return found


def energy(of: Mapping[str, Tensor]) -> Float[Tensor, ""]:
    """The squared norm of all of them, float64."""
    norms = [torch.linalg.vector_norm(x, dtype=torch.float64) for x in of.values()]
    return torch.stack(norms).square().sum()


def empty(p: nn.Parameter) -> Tensor:
    """Zeros for a sum of gradients of this rank's rows of p."""
    x = shards.local(p)
    return torch.zeros_like(x, dtype=torch.promote_types(x.dtype, torch.float32))


def _samples(group: Sequence[Pair], ranks: int, rank: int) -> tuple[list[Tokens], list[float]]:
    """This rank's part; those that fill it up to the other ranks' number count nothing."""
    each = -(-len(group) // ranks)
    mine = [(pair, 1) for pair in group[rank::ranks]]
    mine += [(group[0], 0)] * (each - len(mine))
    samples, coefficients = [], []
    for pair, counts in mine:
        samples += [pair.one, pair.other]
        coefficients += [float(pair.sign * counts), float(-pair.sign * counts)]
    return samples, coefficients


def flipped(whole: float, groups: Sequence[float], sizes: Sequence[int]) -> float:
    """E‖Σ ± g‖² of n pairs' g from ‖Σ g‖² of all of them and of groups of them.

    With signal μ and noise of energy σ² in each g, a group of k has k²‖μ‖² + kσ², and so have two
    equations; with signs flipped n(‖μ‖² + σ²) is left: for groups of one Σ ‖g‖². Groups: of one
    each, or two or more.
    """
    n, squares = sum(sizes), sum(k * k for k in sizes)
    if squares == n:
        return sum(groups)
    signal = (whole - sum(groups)) / (n * n - squares)
    noise = (sum(groups) - signal * squares) / n
    return n * (signal + noise)


def inner(a: Tensor, b: Tensor, rows: int = 4096) -> Tensor:
    """<a, b> in float64, some rows at a time."""
    total = torch.zeros((), dtype=torch.float64, device=a.device)
    for x, y in zip(a.split(rows), b.split(rows), strict=True):
        total += (x.double() * y.double()).sum()
    return total
