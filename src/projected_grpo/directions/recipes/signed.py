"""The leading singular vectors of D_hack on the residual side."""

from jaxtyping import Float
from torch import Tensor

from projected_grpo.directions.recipes.base import Classes, leading, residual
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Columns

USES = ("hack",)
HALF = False


def fit(D: Classes, side: Side, r: int) -> Columns:
    B: Float[Tensor, "d r"] = leading(residual(D.hack, side), r)
    return Columns(B, side)
