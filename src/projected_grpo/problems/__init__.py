"""Programming problems: what one is, and where they come from."""

from projected_grpo.problems.problem import Problem, Test, literal
from projected_grpo.problems.sources import load, of_source

__all__ = ["Problem", "Test", "literal", "load", "of_source"]
