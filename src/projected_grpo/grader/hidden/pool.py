"""Inputs of a problem: drawn from its constraints, and near the ones that its statement shows."""

import contextlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from projected_grpo.grader.hidden.neighbours import neighbour, resized
from projected_grpo.problems.inputs.constraints import Constraints
from projected_grpo.problems.problem import Problem, arguments_of, literal
from projected_grpo.problems.solution_source import Skip

# How many inputs are drawn between two sizes, from the boundary to the largest.
SIZES = {(0.0, 0.0): 24, (0.1, 0.4): 130, (0.4, 0.6): 60, (0.6, 0.9): 40}
# Of inputs drawn between these sizes so many come again with larger or smaller numbers.
MIDDLE, RESIZED = (0.1, 0.6), 70
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


class Pool:
    """Legal inputs of a problem, none twice, and none that its tests have."""

    def __init__(self, problem: Problem, constraints: Constraints, rng: random.Random) -> None:
        self.constraints = constraints
        self.rng = rng
        self.seen = {test.kwargs for test in problem.tests}
        self.shown = [arguments_of(test.kwargs) for test in problem.tests]

    def drawn(self) -> list[Drawn]:
        """Inputs by size, some with other numbers, and some near the shown ones."""
        return [
            *self.legal(self.by_size()),
            *self.legal(self.resized_ones()),
            *self.near(self.shown, NEIGHBOURS),
        ]

    def near(self, inputs: list[dict[str, Any]], n: int) -> list[Drawn]:
        """Neighbours of the inputs that are legal themselves, n are tried."""
        legal = [inp for inp in inputs if self.constraints.violation(inp) is None]
        tried = n if legal else 0
        return self.legal(Drawn(neighbour(self.rng, self.rng.choice(legal))) for _ in range(tried))

    def legal(self, inputs: Iterable[Drawn]) -> list[Drawn]:
        """Those that are new, of bounded length, and keep the constraints."""
        kept = []
        for drawn in inputs:
            kwargs = drawn.kwargs
            if len(kwargs) > LONGEST or kwargs in self.seen:
                continue
            self.seen.add(kwargs)
            if self.constraints.violation(drawn.arguments) is None:
                kept.append(drawn)
        return kept

    def by_size(self) -> Iterator[Drawn]:
        """Of sizes at which the constraints are too hard to keep there are few or none."""
        for (least, most), n in SIZES.items():
            with contextlib.suppress(Skip):
                for _ in range(n):
                    size = self.rng.uniform(least, most)
                    yield Drawn(self.constraints.draw(self.rng, size), most == 0)

    def resized_ones(self) -> Iterator[Drawn]:
        """Numbers so small that the canonical solution is in time, or so large that they matter."""
        with contextlib.suppress(Skip):
            for _ in range(RESIZED):
                arguments = self.constraints.draw(self.rng, self.rng.uniform(*MIDDLE))
                yield Drawn(resized(self.rng, arguments))
