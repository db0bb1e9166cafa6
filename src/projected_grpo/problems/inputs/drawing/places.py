"""What the rules and limits have for a place of the input: rules, choices, a list's length."""

import math
import re
from typing import Any

from projected_grpo.problems.inputs.drawing.caps import CUBE, ROWS
from projected_grpo.problems.inputs.drawing.limits import Range
from projected_grpo.problems.inputs.drawing.spreads import Choices, length
from projected_grpo.problems.inputs.qualities.quality import Reject
from projected_grpo.problems.inputs.relations.expressions import Ref
from projected_grpo.problems.inputs.rules import Rule
from projected_grpo.problems.solution_source import Skip


def rank(rule: Rule) -> int:
    """What draws a list anew comes first, what only moves its elements last."""
    if rule.quality.is_whole:
        return 0
    return 2 if rule.quality.is_order else 1


def is_at(ref: Ref, name: str, at: tuple[int, ...]) -> bool:
    if ref.name != name or len(ref.indices) != len(at):
        return False
    return all(isinstance(i, str) or i == number for i, number in zip(ref.indices, at))


class Places:
    """The places of one parameter. drawing: what of the input there is already."""

    def __init__(self, drawing: Any, name: str):
        self.drawing = drawing
        self.name = name
        self.kind = drawing.plan.statement.types[name]
        self.rng = drawing.rng
        self.plan = drawing.plan
        self.names = drawing.names
        self.spreads: dict[Any, Any] = {}

    def rules(self, at: tuple[int, ...]) -> list[Rule]:
        rules = self.plan.constraints.reading.rules
        return sorted((rule for rule in rules if is_at(rule.ref, self.name, at)), key=rank)

    def limits(self, at: tuple[int, ...], is_length: bool = False) -> Range:
        """What the comparisons leave of a place's range, or of the range of its length."""
        whole = is_length or self.kind.leaf == "int"
        return self.plan.limits.of(Ref(self.name, at, is_length), self.names, whole)

    def choices(self, at: tuple[int, ...]) -> tuple | None:
        """The values that a place may have by its rules; None where no rule lists them."""
        listed = [r.quality.choices for r in self.rules(at) if r.quality.choices]
        if not listed:
            return None
        kept = [c for c in listed[0] if all(c in other for other in listed)]
        if self.kind.leaf == "int":
            found = self.limits(at)
            kept = [c for c in kept if found.low <= c <= found.high]
        if not kept:
            raise Reject("no choice is left")
        return tuple(kept)

    def choice(self, key: Any, choices: tuple) -> Any:
        if key not in self.spreads:
            self.spreads[key] = Choices(self.rng, choices)
        return self.spreads[key].pick()

    def container(self, at: tuple[int, ...]) -> Any:
        value = self.names[self.name]
        for index in at[:-1]:
            value = list.__getitem__(value, index)
        return value

    def length_at(self, at: tuple[int, ...]) -> int:
        found = self.limits(at, True)
        low = max(0, found.low)
        cap = ROWS if len(at) == 1 and self.kind.levels == 2 else CUBE
        sides = [side.source for c in self.plan.comparisons for side in (c.left, c.right)]
        has_sum = any(f"sum(len({self.name}[" in source for source in sides)
        is_cell = len(at) == 2 and re.search("board|grid|matrix|picture", self.name)
        if is_cell and not math.isfinite(found.high):
            # A list of lists of single characters.
            return 1
        if not math.isfinite(found.high) and not has_sum:
            raise Skip(f"no bounds on the lengths of {self.name}")
        high = min(found.high, max(low, cap))
        if "short" not in self.spreads:
            self.spreads["short"] = self.rng.choice((3, 6, cap))
        high = min(high, max(low, self.spreads["short"]))
        size = 1 if low == high else self.rng.random() * min(1, self.drawing.size * 2)
        return length(self.rng, int(low), int(high), size)
