"""Where D_hack moves a weight and neither D_skill nor D_tests does: `against_skill`, of both."""

from projected_grpo.directions.recipes.against_skill import against
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Columns

USES = ("hack", "skill", "tests")
HALF = False


def fit(D: Classes, side: Side, r: int) -> Columns:
    return against(D.hack, [D.skill, D.tests], side, r)
