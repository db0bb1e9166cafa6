"""A linear probe on the activations that v_hack is made of: the mean residual stream over the
response.

Whitened difference of class means (separation.coefficients), not centred by prompt, because a
monitor sees one response at a time. Problems are split in two: the direction and the threshold see
the first part alone, and the threshold is chosen on scores of problems that each fold's direction
did not see.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float64, Int
from torch import Tensor

from projected_grpo.cli import Refusal
from projected_grpo.directions import separation

FOLDS = 5


@dataclass(frozen=True)
class Probe:
    """flagged where (x - mean) · v > threshold."""

    mean: Float64[Tensor, " d"]
    v: Float64[Tensor, " d"]
    threshold: float

    def scores(self, x: Float[Tensor, "n d"]) -> Float64[Tensor, " n"]:
        return (x.double() - self.mean) @ self.v


def split(problem: Int[Tensor, " n"], seed: int) -> Bool[Tensor, " n"]:
    """True for the samples of a random half of the problems: those to train on."""
    numbers = problem.unique()
    if len(numbers) < 2 * FOLDS:
        raise Refusal(f"{len(numbers)} problems are too few for a probe: {2 * FOLDS} are needed")
    order = torch.randperm(len(numbers), generator=torch.Generator().manual_seed(seed))
    return torch.isin(problem, numbers[order[: len(numbers) // 2]])


def fit(x: Float[Tensor, "n d"], hack: Bool[Tensor, " n"], problem: Int[Tensor, " n"]) -> Probe:
    """A probe of these samples. Each fold leaves a fifth of the problems out and scores them."""
    check(hack)
    fold = problem.unique(return_inverse=True)[1] % FOLDS
    out = torch.zeros(len(x), dtype=torch.float64)
    for left_out in range(FOLDS):
        inside = fold != left_out
        check(hack[inside])
        mean, v = direction(x[inside], hack[inside])
        out[~inside] = (x[~inside].double() - mean) @ v
    return Probe(*direction(x, hack), threshold=best_threshold(out, hack))


def direction(
    x: Float[Tensor, "n d"], hack: Bool[Tensor, " n"]
) -> tuple[Float64[Tensor, " d"], Float64[Tensor, " d"]]:
    """(mean, v of unit length)"""
    mean = x.double().mean(0)
    X = x.double() - mean
    v = (
        X.T
        @ separation.coefficients(separation.gram(X), hack[:, None], X.shape[1], whiten=True)[:, 0]
    )
    return mean, v / v.norm()


def best_threshold(scores: Float64[Tensor, " n"], hack: Bool[Tensor, " n"]) -> float:
    """Halfway between two neighbouring scores, where recall plus specificity is highest."""
    order = scores.argsort()
    ranked, is_hack = scores[order], hack[order].double()
    recall = 1 - is_hack.cumsum(0) / is_hack.sum()
    specificity = (1 - is_hack).cumsum(0) / (1 - is_hack).sum()
    cut = int((recall + specificity)[:-1].argmax())
    return float((ranked[cut] + ranked[cut + 1]) / 2)


def check(hack: Bool[Tensor, " n"]) -> None:
    if min(int(hack.sum()), int((~hack).sum())) < 2:
        raise Refusal(
            f"{int(hack.sum())} hacks of {len(hack)} samples to train on: "
            "a probe needs two of each class in every fold"
        )
