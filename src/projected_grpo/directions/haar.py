"""Sets that know nothing: of the form and rank of a real one, in random directions."""

from dataclasses import fields, replace

import torch
from jaxtyping import Float
from torch import Tensor

from projected_grpo.weights.columns import seed_of
from projected_grpo.weights.sets import Matrix, Movements


def orthonormal(d: int, r: int, seed: int) -> Float[Tensor, "d r"]:
    """r columns, or d where that is less."""
    generator = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(d, min(r, d), generator=generator)).Q


def like(of: Movements, name: str, r: int, seed: int) -> Movements:
    """A weight's own draw, r wide, or as wide as its smaller side. name: the weight's."""
    drawn = {}
    values = {field.name: getattr(of, field.name) for field in fields(of)}
    tensors = {key: value for key, value in values.items() if isinstance(value, Tensor)}
    width = min(r, *(len(value) for value in tensors.values()))
    for i, (key, value) in enumerate(tensors.items()):
        own = seed_of(seed, f"{name}|{i}")
        if isinstance(of, Matrix):
            D = torch.randn(value.shape, generator=torch.Generator().manual_seed(own))
            drawn[key] = (D / D.norm()).to(value)
        else:
            drawn[key] = orthonormal(len(value), width, own).to(value)
    return replace(of, **drawn)
