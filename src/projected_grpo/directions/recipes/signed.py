"""The leading singular vectors of D_hack on the residual side."""

from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Columns

USES = ("hack",)
HALF = False


def fit(D: Classes, side: Side, r: int) -> Columns:
    U, V = D.singular(r)
    return Columns(V if side == "reads" else U, side)
