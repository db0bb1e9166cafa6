"""Which answers are right, where a problem has more than one.

data/checkers.tsv says which problem has which checker, and why.
"""

from projected_grpo.problems.checkers import arrays, graphs, orders, strings
from projected_grpo.problems.checkers.registry import CHECKERS
from projected_grpo.problems.checkers.table import LEFT_OUT, accepts, checker_of, is_valid

# Their checkers are entered as they are imported.
KINDS = (orders, arrays, graphs, strings)

__all__ = ["CHECKERS", "KINDS", "LEFT_OUT", "accepts", "checker_of", "is_valid"]
