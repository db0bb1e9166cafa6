"""The span of D_hack's leading pairs u_k v_kᵀ."""

from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Diagonal

USES = ("hack",)
HALF = False


def fit(D: Classes, side: Side, r: int) -> Diagonal:
    return Diagonal(*D.singular(r))
