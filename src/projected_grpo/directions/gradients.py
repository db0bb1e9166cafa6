"""Each labelled rollout's own gradient at chosen weights, and its moment on the residual side.

g = ∇_W ln p(response | prompt), teacher-forced, end token included, and scaled to unit norm, so
that long responses do not outweigh short ones. Its second moment is gᵀg where W reads the residual
stream and ggᵀ where it writes it, [d d] with trace 1: ‖gB‖² = tr(Bᵀ gᵀg B) is the share of the
gradient that columns B would take.
"""

from collections.abc import Iterable, Iterator, Sequence

import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor, nn

from projected_grpo.console import progress
from projected_grpo.directions.activations import Tokens
from projected_grpo.fast.precision import compute_dtype
from projected_grpo.weights.constraint import Side


def of_samples(
    model: nn.Module, samples: Sequence[Tokens], names: Iterable[str]
) -> Iterator[dict[str, Float[Tensor, "_ _"]]]:
    """One dict a sample, in order: {weight's name: g [its shape], fp32, unit norm}.

    Forward and backward in what training computes in. Backward stops below the lowest named weight;
    nothing stays in memory between samples.
    """
    params = dict(model.named_parameters())
    weights = {name: params[name] for name in names}
    model.requires_grad_(False)
    for weight in weights.values():
        weight.requires_grad_(True)
    device = next(model.parameters()).device
    in_bf16 = compute_dtype(device.type) is torch.bfloat16
    for sample in progress(samples, "gradients"):
        ids = torch.tensor([[*sample.prompt, *sample.response]], device=device)
        n = len(sample.response)
        with torch.autocast(device.type, torch.bfloat16, enabled=in_bf16):
            logits = model(input_ids=ids, use_cache=False, logits_to_keep=n + 1).logits[0, :-1]
        loss = nn.functional.cross_entropy(logits.float(), ids[0, -n:], reduction="sum")
        grads = torch.autograd.grad(-loss, list(weights.values()))
        yield {name: _unit(g) for name, g in zip(weights, grads, strict=True)}


def _unit(g: Float[Tensor, "_ _"]) -> Float[Tensor, "_ _"]:
    return nn.functional.normalize(g.float().flatten(), dim=0).view_as(g)


def moment(g: Float[Tensor, "_ _"], side: Side) -> Float[Tensor, "d d"]:
    """gᵀg of a reading weight [o d], ggᵀ of a writing one [d i]."""
    return einsum(g, g, "o d, o e -> d e") if side == "reads" else einsum(g, g, "d i, e i -> d e")


def factor(g: Float[Tensor, "_ _"], side: Side, k: int) -> Float[Tensor, "d k"]:
    """F with F Fᵀ ≈ `moment`(g), its k leading eigenvectors scaled: a moment in d·k numbers.

    ‖F‖² / ‖g‖² is the share of g's energy in it. By a randomised SVD that draws from torch's
    generator: an exact one costs d³ a sample and weight. k above g's smaller side gives that many
    columns.
    """
    k = min(k, *g.shape)
    U, σ, V = torch.svd_lowrank(g, q=min(k + 16, *g.shape), niter=2)
    return ((V if side == "reads" else U) * σ)[:, :k]
