"""Both sides of D_hack's leading singular vectors: U_r (U_rᵀ Δ V_r) V_rᵀ."""

from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Cell

USES = ("hack",)
HALF = False


def fit(D: Classes, side: Side, r: int) -> Cell:
    return Cell(*D.singular(r))
