"""What one part of the input is to another: a member, a permutation, a subsequence, ..."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from projected_grpo.problems.inputs.expressions import Ref
from projected_grpo.problems.inputs.qualities import key
from projected_grpo.problems.inputs.rules import values_at


@dataclass(frozen=True)
class Relation:
    """holds(value, other). shape(value, other, rng): a value like it for which that holds.

    is_whole: shape needs no value, the other one is enough.
    """

    name: str
    holds: Callable[[Any, Any], bool]
    shape: Callable[[Any, Any, random.Random], Any] | None = None
    is_whole: bool = False


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


def is_subsequence(value: Any, other: Any) -> bool:
    rest = iter(other)
    return all(element in rest for element in value)


def subsequence(value: Any, other: Any, rng: random.Random) -> Any:
    n = min(len(value), len(other))
    places = sorted(rng.sample(range(len(other)), n))
    return joined([other[place] for place in places], value)


def substring(value: Any, other: Any, rng: random.Random) -> Any:
    n = min(len(value), len(other))
    start = rng.randint(0, len(other) - n)
    return other[start : start + n]


def permuted(value: Any, other: Any, rng: random.Random) -> Any:
    return joined(rng.sample(list(other), len(other)), other)


def joined(elements: list, like: Any) -> Any:
    return "".join(elements) if isinstance(like, str) else elements


MEMBER = Relation("a member", lambda v, o: v in o, lambda v, o, rng: rng.choice(o), True)
NO_MEMBER = Relation("no member", lambda v, o: v not in o)
PERMUTATION = Relation("a permutation", lambda v, o: sorted(v) == sorted(o), permuted, True)
SUBSEQUENCE = Relation("a subsequence", is_subsequence, subsequence)
SUBSTRING = Relation("a substring", lambda v, o: v in o, substring)
DISJOINT = Relation("disjoint", lambda v, o: not {*map(key, v)} & {*map(key, o)})
EQUAL_SUMS_DIFFER = Relation("another sum", lambda v, o: sum(v) != sum(o))
