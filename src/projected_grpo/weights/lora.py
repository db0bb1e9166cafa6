"""LoRA, W = W₀ + s L_B L_A with L_A [k d] and L_B [o k].

The factor on the residual side is the weight that a constraint edits:

    reads:  L_A B = 0   =>  W B = W₀ B        L_A is a reading weight [k d] whose anchor is zero
    writes: Bᵀ L_B = 0  =>  Bᵀ W = Bᵀ W₀      L_B is a writing weight [d k] whose anchor is zero

whatever s and the other factor are. L_A starts random, so it must be emptied of B before the first
step (L_B starts at zero: W stays W₀).
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from einops import einsum
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor

from projected_grpo.weights.constraint import Side


def base_name(name: str) -> str:
    """A parameter's name without what peft puts around it."""
    return name.removeprefix("base_model.model.").replace(".base_layer.", ".")


def factors(params: Mapping[str, Tensor], name: str, side: Side) -> tuple[Tensor, Tensor] | None:
    """(factor on the residual side, the other) of the weight `name`, None if it has none.

    params: by `base_name`.
    """
    stem = name.removesuffix("weight")
    pair = [
        [p for key, p in params.items() if key.startswith(f"{stem}lora_{end}.")] for end in "AB"
    ]
    if not all(pair):
        return None
    assert all(len(found) == 1 for found in pair), (
        f"{name} has more than one adapter: the constraint knows one"
    )
    (A,), (B,) = pair
    return (A, B) if side == "reads" else (B, A)


def merged(params: Mapping[str, Tensor], scale: float) -> dict[str, Tensor]:
    """W₀ + s L_B L_A by `base_name`, in W₀'s dtype; weights without an adapter as they are.

    scale: alpha / rank.
    """
    params = {base_name(name): p for name, p in params.items()}
    out = {name: p for name, p in params.items() if ".lora_" not in name}
    for name in out:
        if pair := factors(params, name, "reads") if name.endswith(".weight") else None:
            A, B = pair
            out[name] = out[name] + scale * einsum(B, A, "o k, k d -> o d").to(out[name].dtype)
    return out


def merge_checkpoint(folder: Path, scale: float) -> None:
    """Makes a folder whose weights verl saved with adapters beside them one that every loader
    reads.

    folder: in the hub's layout. Nothing happens where there are no adapters.
    """
    files = sorted(folder.glob("*.safetensors"))
    params = {name: p for file in files for name, p in load_file(file).items()}
    if not any(".lora_" in name for name in params):
        return
    for file in (*files, *folder.glob("*.safetensors.index.json")):
        file.unlink()
    save_file(
        {name: p.contiguous() for name, p in merged(params, scale).items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )


def energy(
    near: Float[Tensor, "_ _"], far: Float[Tensor, "_ _"], B: Float[Tensor, "d r"], side: Side
) -> Float[Tensor, " 2"]:
    """(squared norm inside B, squared norm) of the movement L_B L_A, float64, up to s².

    The product itself is never made. near: the whole factor on the residual side, L_A [k d] (reads)
    or L_B [d k] (writes); far: the other.
    """
    N, F = (near, far) if side == "reads" else (near.mT, far.mT)  # N [k d], F [o k]
    N, F = N.double(), F.double()
    K, c = einsum(F, F, "o k, o l -> k l"), einsum(N, B.double(), "k d, d r -> k r")
    gram = einsum(N, N, "k d, l d -> k l")
    return torch.stack(
        [einsum(c, K, c, "k r, k l, l r ->"), einsum(K, gram, "k l, k l ->")]
    ).clamp_min(0)
