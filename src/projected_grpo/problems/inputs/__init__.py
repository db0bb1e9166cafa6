"""From a statement to inputs that obey it: read, check, draw.

read(problem) takes the lines below "Constraints:" (statement.py, notation.py), changes them as a
person wrote down (corrections.py), and reads each (read_line.py): "1 <= k <= nums.length" is a
comparison (relations/), "nums is sorted" gives nums a quality (wordings/ says which, qualities/
what it is). Sentences above the constraints are lines too where they speak of sizes, trees and
the like (prose.py). Together they are rules (rules.py), by which Constraints (constraints.py)
finds the violation of an input, or draws one that has none (drawing/).

Read constraints.py first, then read_line.py and rules.py, a file of wordings/ beside the one of
qualities/ that has its name, and at last drawing/plan.py and drawing/drawing.py. A line that no
file understands puts its problem out: add a wording, or an entry to data/constraints.yaml.
"""

from projected_grpo.problems.inputs.constraints import Constraints, read

__all__ = ["Constraints", "read"]
