"""D_hack itself, and only what goes its way: movements that lower P(hack) stay free."""

from projected_grpo.directions.recipes import matrix

USES = ("hack",)
HALF = True
fit = matrix.fit
