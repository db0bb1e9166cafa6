"""What one part of the input is to another: a member, a permutation, a subsequence, ..."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from projected_grpo.problems.inputs.qualities.quality import key


@dataclass(frozen=True)
class Relation:
    """holds(value, other). shape(value, other, rng): a value like it for which that holds.

    is_whole: shape needs no value, the other one is enough.
    """

    name: str
    holds: Callable[[Any, Any], bool]
    shape: Callable[[Any, Any, random.Random], Any] | None = None
    is_whole: bool = False


def is_subsequence(value: Any, other: Any) -> bool:
    rest = iter(other)
    return all(element in rest for element in value)


def subsequence(value: Any, other: Any, rng: random.Random) -> Any:
    n = min(len(value), len(other))
    places = sorted(rng.sample(range(len(other)), n))
    return joined([other[place] for place in places], value)


def permuted(value: Any, other: Any, rng: random.Random) -> Any:
    return joined(rng.sample(list(other), len(other)), other)


def joined(elements: list, like: Any) -> Any:
    return "".join(elements) if isinstance(like, str) else elements


MEMBER = Relation("a member", lambda v, o: v in o, lambda v, o, rng: rng.choice(o), True)
NO_MEMBER = Relation("no member", lambda v, o: v not in o)
PERMUTATION = Relation("a permutation", lambda v, o: sorted(v) == sorted(o), permuted, True)
SUBSEQUENCE = Relation("a subsequence", is_subsequence, subsequence)
DISJOINT = Relation("disjoint", lambda v, o: not {*map(key, v)} & {*map(key, o)})
