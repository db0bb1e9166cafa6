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


def like(of: Movements, name: str, seed: int) -> Movements:
    """A weight's own draw. name: the weight's."""
    drawn = {}
    for i, field in enumerate(fields(of)):
        value = getattr(of, field.name)
        if not isinstance(value, Tensor):
            continue
        own = seed_of(seed, f"{name}|{i}")
        if isinstance(of, Matrix):
            D = torch.randn(value.shape, generator=torch.Generator().manual_seed(own))
            drawn[field.name] = (D / D.norm()).to(value)
        else:
            drawn[field.name] = orthonormal(*value.shape, own).to(value)
    return replace(of, **drawn)
