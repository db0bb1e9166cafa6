"""One pass over labelled samples -> weights with every sample's gradient moment, factored.

A moment is [d d]; its k leading eigenvectors, scaled, hold it in d·k numbers (`gradients.factor`),
so that any columns can be fitted to any samples afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from projected_grpo.directions import gradients
from projected_grpo.directions.activations import Tokens
from projected_grpo.weights import basis, targets
from projected_grpo.weights.targets import Target


@dataclass(frozen=True)
class Weight:
    """One target with its samples, on one device.

    W: as it stands. v: in W's own frame, or None. F: factors of each sample's moment. differences:
    for every split, mean gradient of its fitted hacks minus that of its fitted clean samples.
    """

    target: Target
    W: Float[Tensor, "_ _"]
    v: Float[Tensor, " d"] | None
    F: Float[Tensor, "n d k"]
    differences: list[Float[Tensor, "_ _"]]


def every_block(chosen: Sequence[Target], every: int) -> list[Target]:
    """The targets of every so many blocks, from the middle of the first so many on."""
    layers = sorted({t.layer for t in chosen})[(every - 1) // 2 :: every]
    return [t for t in chosen if t.layer in layers]


def of_samples(
    model: nn.Module,
    samples: Sequence[Tokens],
    hack: Bool[Tensor, " n"],
    fits: Bool[Tensor, "s n"],
    chosen: Sequence[Target],
    v: Float[Tensor, " d"] | None,
    k: int,
) -> tuple[list[Weight], Float[Tensor, " n"]]:
    """The targets with their factors, and the share of each sample's energy that k columns hold.

    fits: which samples each split fits on. v: in the residual stream. The share is the mean over
    weights.
    """
    params = dict(model.named_parameters())
    device = next(model.parameters()).device
    factors: dict[str, list[Tensor]] = {t.name: [] for t in chosen}
    differences: dict[str, list[Tensor]] = {}
    for t in chosen:
        zeros = torch.zeros_like(params[t.name], dtype=torch.float32)
        differences[t.name] = [zeros.clone() for _ in fits]
    energy = torch.zeros(len(samples), device=device)
    # `factor` draws.
    torch.manual_seed(0)
    for n, grads in enumerate(gradients.of_samples(model, samples, factors)):
        same_class = hack if hack[n] else ~hack
        sign = 1 if hack[n] else -1
        for t in chosen:
            g = grads[t.name]
            F = gradients.factor(g, t.side, k)
            factors[t.name].append(F)
            energy[n] += F.square().sum() / len(chosen)
            for difference, fit in zip(differences[t.name], fits, strict=True):
                if fit[n]:
                    difference.add_(g, alpha=sign / int((fit & same_class).sum()))
    weights = []
    for t in chosen:
        W = params[t.name].detach().float()
        own_v = in_frame(v, t, model)
        weights.append(Weight(t, W, own_v, torch.stack(factors[t.name]), differences[t.name]))
    return weights, energy.cpu()


def in_frame(
    v: Float[Tensor, " d"] | None, target: Target, model: nn.Module
) -> Float[Tensor, " d"] | None:
    """v as the weight sees it: γ ⊙ v, normalised, where a norm stands between it and the stream."""
    if v is None or target.norm is None:
        return v
    norm_weight = model.get_parameter(target.norm).detach().float()
    return basis.fold(v, targets.gamma(norm_weight, model.config.model_type))
