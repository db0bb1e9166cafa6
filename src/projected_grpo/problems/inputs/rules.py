"""All that a statement's lines say of an input, in the form that checks it and draws by it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from projected_grpo.problems.inputs.qualities.links import Relation
from projected_grpo.problems.inputs.qualities.quality import Quality
from projected_grpo.problems.inputs.relations.comparisons import Comparison
from projected_grpo.problems.inputs.relations.expressions import Ref
from projected_grpo.problems.inputs.relations.predicates import Predicate


@dataclass(frozen=True)
class Rule:
    """Every value at ref, whatever its named indices are, has the quality."""

    ref: Ref
    quality: Quality
    text: str

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.ref.name})

    def holds(self, names: dict[str, Any]) -> bool:
        values = values_at(names[self.ref.name], self.ref.indices)
        return all(self.quality.holds(value, names) for value in values)


@dataclass(frozen=True)
class Link:
    """Every value at ref is in this relation to all of the other parameter."""

    ref: Ref
    relation: Relation
    other: str
    text: str

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.ref.name, self.other})

    def holds(self, names: dict[str, Any]) -> bool:
        values = values_at(names[self.ref.name], self.ref.indices)
        return all(self.relation.holds(value, names[self.other]) for value in values)


def values_at(value: Any, indices: tuple[str | int, ...]) -> Iterator[Any]:
    if not indices:
        yield value
        return
    index, rest = indices[0], indices[1:]
    if isinstance(index, str):
        for inner in value:
            yield from values_at(inner, rest)
    elif index < len(value):
        yield from values_at(value[index], rest)


@dataclass
class Reading:
    """promises: of the answer, not of the input."""

    comparisons: list[Comparison] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    predicates: list[Predicate] = field(default_factory=list)
    promises: list[str] = field(default_factory=list)

    @property
    def checks(self) -> list[Any]:
        """All that an input is checked by."""
        return [*self.comparisons, *self.rules, *self.links, *self.predicates]

    def add(self, other: "Reading") -> None:
        self.comparisons += other.comparisons
        self.rules += other.rules
        self.links += other.links
