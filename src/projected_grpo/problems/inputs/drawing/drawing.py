"""An input drawn: sizes and lengths first, then numbers that bound others, lists, the rest."""

import math
import random
from contextlib import suppress
from typing import Any

from projected_grpo.problems.inputs.drawing.caps import cap_of
from projected_grpo.problems.inputs.drawing.filling import Filling
from projected_grpo.problems.inputs.drawing.limits import Partial, bounded
from projected_grpo.problems.inputs.drawing.plan import Plan
from projected_grpo.problems.inputs.drawing.spreads import Choices, length
from projected_grpo.problems.inputs.qualities.quality import Reject
from projected_grpo.problems.inputs.relations.comparisons import Comparison
from projected_grpo.problems.inputs.relations.expressions import NOT_KNOWN, Ref
from projected_grpo.problems.solution_source import Skip

TRIES = 40
TRIES_OF_ONE = 8
# Tries move towards this size, at which most constraints are easy to keep.
EASY = 0.3
STEP = 30


class Drawing:
    """One try."""

    def __init__(self, plan: Plan, rng: random.Random, size: int | float):
        self.plan = plan
        self.rng = rng
        self.size = size
        self.names: dict[str, Any] = {}
        # Strings of one alphabet use the same few letters of it, so that they meet.
        self.letters: dict[str, Choices] = {}

    def run(self) -> dict[str, Any]:
        for name in self.plan.size_like:
            if self.is_bounded(name):
                self.one(name, self.draw_size)
        for name in self.plan.texts:
            self.one(name, self.draw_length)
        # What only "2 * n == nums.length" bounds follows from the lengths.
        for name, value in self.plan.constraints.sizes.of(self.names).items():
            self.names.setdefault(name, value)
        for name in self.plan.early:
            self.one(name, self.draw_number)
        for name in self.plan.lists:
            self.one(name, self.draw_list)
        for name in self.plan.late:
            self.one(name, self.draw_number)
        return {name: self.names[name] for name in self.plan.statement.types}

    def is_bounded(self, name: str) -> bool:
        found = self.plan.limits.of(Ref(name), self.names)
        equalities = self.plan.constraints.sizes.names.get(name)
        if equalities is None or any(side.source == name for side, _ in equalities):
            return True
        return math.isfinite(found.low + found.high)

    def one(self, name: str, draw: Any) -> None:
        """A quantity, again as long as what can be checked by now is broken."""
        unfilled = self.names.get(name)
        for _ in range(TRIES_OF_ONE):
            self.names[name] = unfilled
            if unfilled is None:
                del self.names[name]
            self.names[name] = draw(name)
            if self.keeps(name):
                return
        raise Reject(f"no {name} that keeps its constraints")

    def keeps(self, name: str) -> bool:
        for check in self.plan.constraints.reading.checks:
            if name in check.names and self.is_ready(check):
                with suppress(*NOT_KNOWN):
                    if not check.holds(self.names):
                        return False
        return True

    def is_ready(self, check: Any) -> bool:
        """Whether all that it speaks of is drawn; for comparisons lengths are enough to try."""
        if not check.names <= self.names.keys():
            return False
        if isinstance(check, Comparison):
            return True
        return not any(isinstance(self.names[name], Partial) for name in check.names)

    def draw_size(self, name: str) -> int:
        found = self.plan.limits.of(Ref(name), self.names)
        if name in self.plan.constraints.sizes.names:
            # Such as m and n of which a line bounds the product alone.
            found.low = max(found.low, 0 if math.isfinite(found.low) else 1)
        else:
            bounded(found, name)
        cap = cap_of(name, self.plan)
        n = length(self.rng, int(found.low), int(min(found.high, max(found.low, cap))), self.size)
        if self.rng.random() < 0.2 and n > found.low:
            # Beside a power of two, where halving and doubling have their corners.
            n = max(int(found.low), (1 << (n.bit_length() - 1)) - self.rng.randint(0, 1))
        if n in found.excluded:
            raise Reject(f"{name} is excluded")
        return n

    def draw_length(self, name: str) -> Partial:
        found = self.plan.limits.of(Ref(name, (), True), self.names)
        found.low = max(found.low, 0)
        cap = cap_of(name, self.plan)
        high = min(found.high, max(found.low, cap))
        n = length(self.rng, int(found.low), int(high), self.size)
        for shorter in range(n, max(int(found.low), n - STEP) - 1, -1):
            # A multiple of 20 is rarely met by itself.
            self.names[name] = Partial(shorter)
            if self.keeps(name):
                break
        return self.names[name]

    def draw_number(self, name: str) -> Any:
        return Filling(self, name).scalar()

    def draw_list(self, name: str) -> Any:
        return Filling(self, name).whole()


def draw(plan: Plan, rng: random.Random, size: int | float) -> dict[str, Any]:
    """Raises Skip where every try was rejected."""
    for attempt in range(TRIES):
        size_here = size + (EASY - size) * attempt / TRIES
        try:
            arguments = Drawing(plan, rng, size_here).run()
        except Reject:
            continue
        if plan.constraints.violation(arguments) is None:
            return arguments
    raise Skip("no input was found that keeps the constraints")
