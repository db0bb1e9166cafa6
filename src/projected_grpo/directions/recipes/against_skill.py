"""Where D_hack moves a weight and D_skill does not.

The r leading b of  D_hackᵀ D_hack b = μ (D_skillᵀ D_skill / ‖D_skill‖² + λ/d I) b  on the residual
side, made orthonormal (`basis.contrast`).
"""

from jaxtyping import Float
from torch import Tensor

from projected_grpo.directions.recipes.base import Classes, residual
from projected_grpo.weights import basis
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Columns

USES = ("hack", "skill")
HALF = False
LAM = 1.0


def fit(D: Classes, side: Side, r: int) -> Columns:
    B = basis.contrast(moment(D.hack, side), moment(D.skill, side), r, LAM)
    return Columns(B, side)


def moment(D: Float[Tensor, "o i"], side: Side) -> Float[Tensor, "d d"]:
    """Of trace 1."""
    M = residual(D, side).double()
    return M.mT @ M / M.square().sum()
