"""Weighted sums of pairs' gradients: one backward pass a batch, a few matrices a weight in memory.

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
# Padded, of one forward and backward pass; a longer pair goes alone.
BATCH_TOKENS = 3072


@dataclass(frozen=True)
class Sums:
    """sums: by weight, one for each row of `weighted_sums`' coefficients, fp32. energy: by weight,
    ‖g‖² of every pair, float64, where it was asked for.
    """

    sums: dict[str, Float[Tensor, "s ..."]]
    energy: dict[str, Float[Tensor, " p"]]


def tokens(folder: Path, pairs: pl.DataFrame) -> list[tuple[Tokens, Tokens]]:
    """Each pair's two samples (`pairs.matched`), the end token behind those that ended."""
    samples = activations.tokens(folder, pairs["prompt"], pairs["response"], pairs["finish"])
    ones = samples[::2]
    others = samples[1::2]
    return list(zip(ones, others, strict=True))


def room(gigabytes: float | None, device: torch.device) -> float:
    """For sums, in gigabytes. None: 0.75 of what is free on an accelerator, 4 on a CPU."""
    if gigabytes is not None:
        return gigabytes
    if device.type != "cuda":
        return 4.0
    free, _ = torch.cuda.mem_get_info(device)
    return 0.75e-9 * free


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
    energies: bool = False,
) -> Sums:
    """Σ_p coefficients[s, p] g_p for every s, of the named weights.

    energies: of every pair, so that each has a pass of its own; without, pairs share passes. A pair
    whose samples have the same tokens has no gradient: a tokenizer that reads no text.
    """
    for one, other in pairs:
        assert one.response != other.response, "two samples are the same"
    weights = _required(model, names)
    total = _zeros(weights, len(coefficients), len(pairs) if energies else 0)
    batches = [[p] for p in range(len(pairs))] if energies else together(pairs, coefficients)
    for batch in progress(batches, about):
        first = batch[0]
        own = coefficients[:, first]
        entering = own.nonzero().flatten().tolist()
        grads = of_pairs(model, [pairs[p] for p in batch], weights)
        for name, g in grads.items():
            sums = total.sums[name]
            for s in entering:
                sums[s].add_(g, alpha=own[s].item())
            if energies:
                norm = torch.linalg.vector_norm(g, dtype=torch.float64)
                total.energy[name][first] = norm.square()
    return total


def together(
    pairs: Sequence[tuple[Tokens, Tokens]], coefficients: Float[Tensor, "s p"]
) -> list[list[int]]:
    """Pairs that enter the same sums alike, in batches of similar length; no sum, no batch."""
    alike = {}
    for p, own in enumerate(coefficients.T.tolist()):
        if any(own):
            alike.setdefault(tuple(own), []).append(p)
    found = []
    for group in alike.values():
        longer = [max(pairs[p], key=len) for p in group]
        for batch in activations.batches(longer, BATCH_TOKENS // 2):
            found.append([group[i] for i in batch])
    return found


def of_pairs(
    model: nn.Module,
    pairs: Sequence[tuple[Tokens, Tokens]],
    weights: Mapping[str, Tensor],
) -> dict[str, Tensor]:
    """Σ g by weight, in the weight's own type, from one pass."""
    both = log_p(model, [sample for pair in pairs for sample in pair])
    gap = both[::2].sum() - both[1::2].sum()
    grads = torch.autograd.grad(gap, list(weights.values()))
    return dict(zip(weights, grads, strict=True))


def log_p(model: nn.Module, samples: Sequence[Tokens], exact: bool = False) -> Float[Tensor, " n"]:
    """ln p(response | prompt), in what training computes in; exact: in the weights' own type.

    Padded on the right, where no token that counts looks.
    """
    device = next(model.parameters()).device
    ids, _, response = (x.to(device) for x in activations.pad(samples))
    first = min(len(sample.prompt) for sample in samples)
    kept = ids.shape[1] - first + 1
    in_bf16 = compute_dtype(device.type) is torch.bfloat16
    rounded = in_bf16 and not exact
    with torch.autocast(device.type, torch.bfloat16, enabled=rounded):
        output = model(input_ids=ids, use_cache=False, logits_to_keep=kept)
    counts = response[:, first:]
    logits = output.logits[:, :-1][counts]
    if logits.dtype is not torch.float64:
        logits = logits.float()
    losses = nn.functional.cross_entropy(logits, ids[:, first:][counts], reduction="none")
    of_samples = losses.split([len(sample.response) for sample in samples])
    return -torch.stack([own.sum() for own in of_samples])


def _zeros(weights: Mapping[str, Tensor], n_sums: int, n_pairs: int) -> Sums:
    """Sums that nothing has entered yet."""
    total = Sums({}, {})
    for name, W in weights.items():
        shape = (n_sums, *W.shape)
        total.sums[name] = torch.zeros(shape, dtype=torch.float32, device=W.device)
        total.energy[name] = torch.zeros(n_pairs, dtype=torch.float64, device=W.device)
    return total


def _required(model: nn.Module, names: Sequence[str]) -> dict[str, nn.Parameter]:
    """The named weights; the others ask for no gradient, so backward stops below the lowest."""
    model.requires_grad_(False)
    weights = {name: model.get_parameter(name) for name in names}
    for W in weights.values():
        W.requires_grad_(True)
    return weights
