"""Where D_hack moves a weight and neither D_skill nor D_tests does: `against_skill`, of both."""

from projected_grpo.directions.recipes.against_skill import LAM, moment
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights import basis
from projected_grpo.weights.constraint import Side
from projected_grpo.weights.sets import Columns

USES = ("hack", "skill", "tests")
HALF = False


def fit(D: Classes, side: Side, r: int) -> Columns:
    others = (moment(D.skill, side) + moment(D.tests, side)) / 2
    return Columns(basis.contrast(moment(D.hack, side), others, r, LAM), side)
