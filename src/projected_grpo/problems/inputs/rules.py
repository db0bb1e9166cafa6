"""A quality that the values at a place of the input have."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from projected_grpo.problems.inputs.expressions import Ref
from projected_grpo.problems.inputs.qualities import Quality
from projected_grpo.problems.inputs.relations import Comparison


@dataclass(frozen=True)
class Rule:
    """ref: where, with every index that its names stand for."""

    ref: Ref
    quality: Quality
    text: str

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.ref.name})

    def holds(self, names: dict[str, Any]) -> bool:
        values = values_at(names[self.ref.name], self.ref.indices)
        return all(self.quality.holds(value, names) for value in values)


def values_at(value: Any, indices: tuple[str | int, ...]) -> Iterator[Any]:
    if not indices:
        yield value
        return
    index, *rest = indices
    if isinstance(index, str):
        for inner in value:
            yield from values_at(inner, tuple(rest))
    elif index < len(value):
        yield from values_at(value[index], tuple(rest))


@dataclass
class Reading:
    """All that a statement's lines say. promises: of the answer, not of the input."""

    comparisons: list[Comparison] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    links: list[Any] = field(default_factory=list)
    promises: list[str] = field(default_factory=list)

    @property
    def checks(self) -> list[Any]:
        """All that an input is checked by."""
        return [*self.comparisons, *self.rules, *self.links]
