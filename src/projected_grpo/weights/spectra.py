"""Singular vectors of weights, kept on disk by what the weight is.

m, select, extent and v may vary without another decomposition.
"""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from safetensors.torch import load_file, save_file
from torch import Tensor

from projected_grpo.models import CACHE
from projected_grpo.weights.constraint import Side

FOLDER = CACHE / "spectra"


class Spectrum(NamedTuple):
    """W's singular vectors on the residual side as columns.

    Largest singular value first, the null space last.
    """

    S: Float[Tensor, "d d"]
    rank: int


def singular(W: Float[Tensor, "_ _"], side: Side) -> Spectrum:
    """By eigh of the float64 Gram matrix [d d], on W's device.

    d x d whatever the other side, orthonormal whatever W's rank, deterministic. Null-space columns
    (σ at rounding) are an arbitrary orthonormal completion. S is fp32, orthonormal to its rounding.
    """
    W = W.detach().double()
    λ, S = torch.linalg.eigh(W.mT @ W if side == "reads" else W @ W.mT)
    λ, S = λ.flip(0).clamp_min(0), S.flip(1)
    rank = int((λ > λ[0] * len(λ) * torch.finfo(λ.dtype).eps).sum())
    return Spectrum(S.float(), min(rank, *W.shape))


def condensed(W: Float[Tensor, "o i"]) -> Int64[Tensor, " o"]:
    """A number for each row, made where W lies.

    The sum of its entries' bits times fixed random odd numbers, modulo 2⁶⁴. A row that differs
    keeps its number with a chance of 2⁻³² at most.
    """
    bits = W.view({2: torch.int16, 4: torch.int32, 8: torch.int64}[W.element_size()]).long()
    generator = torch.Generator().manual_seed(0)
    factors = 2 * torch.randint(-(2**62), 2**62, (W.shape[1],), generator=generator) + 1
    return (bits * factors.to(W.device)).sum(1)


def cached(W: Float[Tensor, "_ _"], side: Side, folder: Path = FOLDER) -> Spectrum:
    """`singular`, from disk where a weight with these bits was decomposed before.

    d² x 4 bytes a weight and side.
    """
    bits = W.detach().contiguous()
    # else a weight of 100 MB would cross the bus first, then pass through one core
    bits = condensed(bits) if W.is_cuda else bits
    name = hashlib.sha256(bits.cpu().view(torch.uint8).numpy().data).hexdigest()[:24]
    dtype = str(W.dtype).removeprefix("torch.")
    shape = "x".join(map(str, W.shape))
    file = folder / f"{name}-{dtype}-{shape}-{side}.safetensors"
    if not file.exists():
        found = singular(W, side)
        folder.mkdir(parents=True, exist_ok=True)
        scratch = file.with_suffix(f".{os.getpid()}")
        save_file({"S": found.S.contiguous(), "rank": torch.tensor(found.rank)}, scratch)
        scratch.rename(file)  # whole or not at all, whoever else writes it
        return found
    held = load_file(file, device=str(W.device))
    return Spectrum(held["S"], int(held["rank"]))
