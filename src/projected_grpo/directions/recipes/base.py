"""What recipes share: the classes' gradients at one weight, and leading singular vectors."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from projected_grpo.weights.constraint import Side


@dataclass(frozen=True)
class Classes:
    """Signed means of un-normalised gradients at a weight W [o i], a class's samples less those
    beside them (`pairs`): D = mean over pairs of ∇ln p(one) - ∇ln p(other).
    """

    hack: Float[Tensor, "o i"]
    skill: Float[Tensor, "o i"] | None = None
    tests: Float[Tensor, "o i"] | None = None
    known: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict, repr=False)

    def singular(self, r: int) -> tuple[Float[Tensor, "o r"], Float[Tensor, "i r"]]:
        """U, V: D_hack's r leading singular vectors, found once whoever asks."""
        if r not in self.known:
            V = leading(self.hack, r)
            # D V = U S: its columns are orthogonal up to the iteration's error, which QR removes
            U = torch.linalg.qr((self.hack @ V).double()).Q.to(V)
            self.known[r] = U, V
        return self.known[r]


def residual(D: Float[Tensor, "o i"], side: Side) -> Float[Tensor, "_ d"]:
    """The residual side last."""
    return D if side == "reads" else D.mT


def leading(M: Float[Tensor, "n d"], r: int) -> Float[Tensor, "d r"]:
    """The r leading right singular vectors, orthonormal to fp32's rounding.

    By subspace iteration with 16 more than r; the draw is seeded by the shape. r above the smaller
    side gives that many.
    """
    r = min(r, *M.shape)
    width = min(r + 16, *M.shape)
    generator = torch.Generator(M.device).manual_seed(M.shape[0])
    start = torch.randn(M.shape[1], width, generator=generator, device=M.device, dtype=M.dtype)
    Q = torch.linalg.qr(start).Q
    for _ in range(4):
        Q = torch.linalg.qr(M.mT @ (M @ Q)).Q
    small = M @ Q
    # ascending, so the best come last
    inside = torch.linalg.eigh((small.mT @ small).double()).eigenvectors.flip(1)[:, :r]
    # in float64: the constraint needs BᵀB = I to 1e-5
    return torch.linalg.qr(Q.double() @ inside).Q.to(M.dtype)
