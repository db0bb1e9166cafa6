"""Weighted sums of pairs' gradients: one backward pass a sample, a few matrices a weight in memory.

g = ∇_W [ln p(one | prompt) - ln p(other | prompt)], teacher-forced, end token included where the
sample ended by itself, summed over tokens and not normalised. The caller names the weights of one
pass (`passes`), so that memory is bounded whatever the model.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor, nn

from projected_grpo.console import progress
from projected_grpo.directions import activations
from projected_grpo.directions.activations import Tokens
from projected_grpo.fast.precision import compute_dtype

# What one entry of a sum takes.
BYTES = 4


@dataclass(frozen=True)
class Sums:
    """sums: by weight, one for each row of `weighted_sums`' coefficients, fp32. energy: by weight,
    ‖g‖² of every pair, float64.
    """

    sums: dict[str, Float[Tensor, "s ..."]]
    energy: dict[str, Float[Tensor, " p"]]


def tokens(folder: Path, pairs: pl.DataFrame) -> list[tuple[Tokens, Tokens]]:
    """Each pair's two samples (`pairs.matched`), the end token behind those that ended."""
    samples = activations.tokens(folder, pairs["prompt"], pairs["response"], pairs["finish"])
    ones = samples[::2]
    others = samples[1::2]
    return list(zip(ones, others, strict=True))


def room(gigabytes: str, device: torch.device) -> float:
    """For sums, in gigabytes. auto: 0.7 of what is free on an accelerator, 4 on a CPU."""
    if gigabytes != "auto":
        return float(gigabytes)
    if device.type != "cuda":
        return 4.0
    free, _ = torch.cuda.mem_get_info(device)
    return 0.7e-9 * free


def passes(params: Mapping[str, Tensor], n_sums: int, gigabytes: float) -> Iterator[list[str]]:
    """The parameters' names in groups of which n_sums copies fit, a larger one alone."""
    room = gigabytes * 1e9 / (n_sums * BYTES)
    group = []
    size = 0
    for name, p in params.items():
        full = size + p.numel() > room
        if group and full:
            yield group
            group = []
            size = 0
        group.append(name)
        size += p.numel()
    if group:
        yield group


def weighted_sums(
    model: nn.Module,
    pairs: Sequence[tuple[Tokens, Tokens]],
    names: Sequence[str],
    coefficients: Float[Tensor, "s p"],
    about: str = "pairs",
) -> Sums:
    """Σ_p coefficients[s, p] g_p for every s, of the named weights.

    A pair whose samples have the same tokens has no gradient: a tokenizer that reads no text.
    """
    for one, other in pairs:
        assert one.response != other.response, "two samples are the same"
    weights = _required(model, names)
    total = _zeros(weights, len(coefficients), len(pairs))
    for p, pair in enumerate(progress(pairs, about)):
        own = coefficients[:, p]
        entering = own.nonzero().flatten().tolist()
        grads = of_pair(model, pair, weights)
        for name, g in grads.items():
            norm = torch.linalg.vector_norm(g, dtype=torch.float64)
            total.energy[name][p] = norm.square()
            sums = total.sums[name]
            for s in entering:
                sums[s].add_(g, alpha=own[s].item())
    return total


def of_pair(
    model: nn.Module,
    pair: tuple[Tokens, Tokens],
    weights: Mapping[str, Tensor],
) -> dict[str, Tensor]:
    """g of one pair, fp32."""
    one, other = pair
    of_one = _gradients(model, one, weights)
    of_other = _gradients(model, other, weights)
    found = {}
    for name in weights:
        found[name] = of_one[name].float() - of_other[name].float()
    return found


def log_p(model: nn.Module, sample: Tokens, exact: bool = False) -> Float[Tensor, ""]:
    """ln p(response | prompt), in what training computes in; exact: in the weights' own type."""
    device = next(model.parameters()).device
    ids = torch.tensor([[*sample.prompt, *sample.response]], device=device)
    n = len(sample.response)
    response = ids[0, -n:]
    in_bf16 = compute_dtype(device.type) is torch.bfloat16
    rounded = in_bf16 and not exact
    with torch.autocast(device.type, torch.bfloat16, enabled=rounded):
        output = model(input_ids=ids, use_cache=False, logits_to_keep=n + 1)
    logits = output.logits[0, :-1]
    if logits.dtype is not torch.float64:
        logits = logits.float()
    return -nn.functional.cross_entropy(logits, response, reduction="sum")


def _zeros(weights: Mapping[str, Tensor], n_sums: int, n_pairs: int) -> Sums:
    """Sums that nothing has entered yet."""
    total = Sums({}, {})
    for name, W in weights.items():
        shape = (n_sums, *W.shape)
        total.sums[name] = torch.zeros(shape, dtype=torch.float32, device=W.device)
        total.energy[name] = torch.zeros(n_pairs, dtype=torch.float64, device=W.device)
    return total


def _gradients(
    model: nn.Module,
    sample: Tokens,
    weights: Mapping[str, Tensor],
) -> dict[str, Tensor]:
    """∇ ln p(response | prompt) of one sample, by weight."""
    values = list(weights.values())
    grads = torch.autograd.grad(log_p(model, sample), values)
    return dict(zip(weights, grads, strict=True))


def _required(model: nn.Module, names: Sequence[str]) -> dict[str, nn.Parameter]:
    """The named weights; the others ask for no gradient, so backward stops below the lowest."""
    model.requires_grad_(False)
    weights = {name: model.get_parameter(name) for name in names}
    for W in weights.values():
        W.requires_grad_(True)
    return weights
