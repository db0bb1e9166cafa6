"""Statements of our own in the form of LeetCode's, for tests of what reads them."""

from projected_grpo.problems import Problem


def problem_of(signature: str, *lines: str, prose: str = "Count something.") -> Problem:
    """A problem whose method has the signature, "nums: List[int], k: int", and these constraints.

    It has no tests and no solution.
    """
    listed = "\n".join(lines)
    description = f"{prose}\n\nExample 1:\n\nInput: none\nOutput: 0\n\nConstraints:\n\n{listed}\n"
    starter = f"class Solution:\n    def count(self, {signature}) -> int:\n        "
    return Problem(
        id="made-up",
        source="mini",
        difficulty="medium",
        split="train",
        description=description,
        starter_code=starter,
        method="count",
        canonical="",
        tests=(),
        setup_code="",
    )
