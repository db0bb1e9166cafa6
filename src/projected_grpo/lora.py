"""LoRA, W = W₀ + s L_B L_A with L_A [k d] and L_B [o k]: the factor on the residual side is the weight that a constraint edits.

    reads:  L_A B = 0   =>  W B = W₀ B        L_A is itself a reading weight [k d] whose anchor is zero
    writes: Bᵀ L_B = 0  =>  Bᵀ W = Bᵀ W₀      L_B is itself a writing weight [d k] whose anchor is zero

whatever s and the other factor are. L_A starts random, so it must be emptied of B before the first step (L_B starts at zero: W stays W₀).
"""

from collections.abc import Mapping

import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor

from projected_grpo.constraint import Side


def plain(name: str) -> str:
    """A parameter's name without what peft puts around it."""
    return name.removeprefix("base_model.model.").replace(".base_layer.", ".")


def factors(params: Mapping[str, Tensor], name: str, side: Side) -> tuple[Tensor, Tensor] | None:
    """(factor on the residual side, the other) of the weight `name`, None if it has none. params: by `plain` name."""
    stem = name.removesuffix("weight")
    pair = [[p for key, p in params.items() if key.startswith(f"{stem}lora_{end}.")] for end in "AB"]
    if not all(pair):
        return None
    assert all(len(found) == 1 for found in pair), f"{name} has more than one adapter: the constraint knows one"
    (A,), (B,) = pair
    return (A, B) if side == "reads" else (B, A)


def energy(
    near: Float[Tensor, "_ _"], far: Float[Tensor, "_ _"], B: Float[Tensor, "d r"], side: Side
) -> Float[Tensor, "2"]:
    """(squared norm inside B, squared norm) of the movement L_B L_A, float64, up to s²; the product itself is never made.

    near: the whole factor on the residual side, L_A [k d] (reads) or L_B [d k] (writes); far: the other."""
    N, F = (near, far) if side == "reads" else (near.mT, far.mT)  # N [k d], F [o k]
    N, F = N.double(), F.double()
    K, c = einsum(F, F, "o k, o l -> k l"), einsum(N, B.double(), "k d, d r -> k r")
    gram = einsum(N, N, "k d, l d -> k l")
    return torch.stack([einsum(c, K, c, "k r, k l, l r ->"), einsum(K, gram, "k l, k l ->")]).clamp_min(0)
