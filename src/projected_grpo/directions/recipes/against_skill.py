"""Where D_hack moves a weight and D_skill does not.

The r leading b of  D_hackᵀ D_hack b = μ (D_skillᵀ D_skill / ‖D_skill‖² + λ/d I) b  on the residual
side, made orthonormal. With L Lᵀ the bracket they are L⁻ᵀ times the leading right singular vectors
of D_hack L⁻ᵀ: `basis.contrast`, without d eigenvectors of which r are asked.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from projected_grpo.directions.recipes.base import Classes, leading, residual
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Columns

USES = ("hack", "skill")
HALF = False
LAM = 1.0


def fit(D: Classes, side: Side, r: int) -> Columns:
    return against(D.hack, [D.skill], side, r)


def against(
    hack: Float[Tensor, "o i"], others: list[Float[Tensor, "o i"]], side: Side, r: int
) -> Columns:
    """Against the mean of the others' moments, each of trace 1."""
    M = residual(hack, side)
    N = sum(moment(D, side) for D in others) / len(others)
    N.diagonal().add_(LAM / len(N))
    L = torch.linalg.cholesky(N)
    whitened = torch.linalg.solve_triangular(L, M.mT.double(), upper=False).mT
    Y = leading(whitened.to(M.dtype), r).double()
    X = torch.linalg.solve_triangular(L.mT, Y, upper=True)
    return Columns(torch.linalg.qr(X).Q.to(M.dtype), side)


def moment(D: Float[Tensor, "o i"], side: Side) -> Float[Tensor, "d d"]:
    """Of trace 1, float64."""
    M = residual(D, side).double()
    return M.mT @ M / M.square().sum()
