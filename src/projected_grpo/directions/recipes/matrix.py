"""D_hack itself: one number a weight."""

from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Matrix

USES = ("hack",)
HALF = False


def fit(D: Classes, side: Side, r: int) -> Matrix:
    return Matrix(D.hack / D.hack.norm())
