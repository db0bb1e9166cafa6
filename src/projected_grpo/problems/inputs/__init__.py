"""From a statement to inputs that obey it: read, check, draw."""

from projected_grpo.problems.inputs.constraints import Constraints, read

__all__ = ["Constraints", "read"]
