"""Inputs of a problem: drawn from its constraints, and near the ones that its statement shows."""

import ast
import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from projected_grpo.problems.hidden.neighbours import neighbour
from projected_grpo.problems.inputs import Constraints
from projected_grpo.problems.problem import Problem, literal
from projected_grpo.problems.solution_source import Skip

# How many inputs are drawn between two sizes, from the boundary to the largest.
SIZES = {(0.0, 0.0): 24, (0.0, 0.2): 150, (0.2, 0.6): 60, (0.6, 1.0): 30}
NEIGHBOURS = 60
# Characters of an input's source.
LONGEST = 2_500


@dataclass(frozen=True)
class Drawn:
    """An input. boundary: drawn at size 0."""

    arguments: dict[str, Any]
    boundary: bool = False

    @property
    def kwargs(self) -> str:
        """As Test.kwargs."""
        return ", ".join(f"{name} = {literal(value)}" for name, value in self.arguments.items())


def pool_of(problem: Problem, constraints: Constraints, rng: random.Random) -> list[Drawn]:
    """Legal inputs, none twice, none that the problem's tests have."""
    seen = {test.kwargs for test in problem.tests}
    kept = []
    for drawn in draws(problem, constraints, rng):
        kwargs = drawn.kwargs
        if len(kwargs) > LONGEST or kwargs in seen:
            continue
        seen.add(kwargs)
        if constraints.violation(drawn.arguments) is None:
            kept.append(drawn)
    return kept


def draws(problem: Problem, constraints: Constraints, rng: random.Random) -> Iterator[Drawn]:
    """Inputs by size, and neighbours of the shown ones.

    Of sizes at which the constraints are too hard to keep there are few or none.
    """
    for (least, most), n in SIZES.items():
        with contextlib.suppress(Skip):
            for _ in range(n):
                yield Drawn(constraints.draw(rng, rng.uniform(least, most)), most == 0)
    shown = [arguments_of(test.kwargs) for test in problem.tests]
    legal = [arguments for arguments in shown if constraints.violation(arguments) is None]
    if legal:
        for _ in range(NEIGHBOURS):
            yield Drawn(neighbour(rng, rng.choice(legal)))


def arguments_of(kwargs: str) -> dict[str, Any]:
    """The values in "nums = [2, 7], k = 9"."""
    words = ast.parse(f"f({kwargs})", mode="eval").body.keywords
    return {word.arg: ast.literal_eval(word.value) for word in words}
