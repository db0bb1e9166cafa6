"""The values of an input: numbers, strings, and lists of them, element after element."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

from projected_grpo.problems.inputs.drawing.limits import Partial, bounded
from projected_grpo.problems.inputs.drawing.places import is_at
from projected_grpo.problems.inputs.drawing.spreads import Numbers
from projected_grpo.problems.inputs.drawing.strings import Strings
from projected_grpo.problems.inputs.qualities.links import Relation
from projected_grpo.problems.inputs.qualities.quality import Reject, Tools
from projected_grpo.problems.inputs.relations.expressions import Ref


def no_more() -> Any:
    """Another element of what is drawn as a whole."""
    raise Reject("elements that cannot be drawn one by one")


class Filling(Strings):
    """One parameter's value."""

    def scalar(self) -> Any:
        if self.kind.leaf == "int" and self.rng.random() < 0.5:
            found = self.limits(())
            value = self.rng.choice((self.related, self.special))()
            is_inside = value is not None and found.low <= value <= found.high
            if is_inside and value not in found.excluded and math.isfinite(found.high):
                return self.shaped((), value, lambda: value)
        return self.element(())

    def related(self) -> int | None:
        """A number near the lists drawn: an element, a sum of some, a difference of two."""
        lists = [v for v in self.names.values() if isinstance(v, list) and v]
        numbers = [v for v in lists if not isinstance(v, Partial) and type(v[0]) is int]
        if not numbers:
            return None
        some = self.rng.choice(numbers)
        k = self.rng.choice((1, 1, 2, 3, max(1, len(some) // 2)))
        picked = self.rng.sample(some, min(k, len(some)))
        return self.rng.choice((sum(picked), abs(picked[0] - picked[-1]), sum(picked) + 1))

    def special(self) -> int:
        """Powers, squares, products of small factors, numerals of one digit."""
        k = self.rng.randint(0, 12)
        base = self.rng.choice((2, 3, 4, 5, 10))
        digits = int(str(self.rng.randint(1, 9)) * (1 + k // 2))
        smooth = 2**k * 3 ** self.rng.randint(0, 3) * 5 ** self.rng.randint(0, 2)
        return self.rng.choice((base**k, k * k, digits, smooth, base**k - 1))

    def whole(self) -> Any:
        kin = self.kin()
        if kin is not None and self.rng.random() < 0.4:
            return kin
        return self.element(())

    def kin(self) -> Any:
        """A string or list made of an earlier one of its type and length, or None."""
        n = len(self.names[self.name])
        for other in self.plan.texts:
            value = self.names.get(other)
            is_like = other != self.name and self.plan.statement.types[other] == self.kind
            if not is_like or isinstance(value, Partial) or self.kind.levels > 1:
                continue
            if len(value) >= n > 0:
                return self.altered(value, n)
        return None

    def altered(self, value: Any, n: int) -> Any:
        """A part of it, in its order, any order, or as any of its elements."""
        start = self.rng.randrange(len(value) - n + 1)
        part = list(value[start : start + n])
        kind = self.rng.choice(("part", "subsequence", "shuffled", "swapped"))
        if kind == "subsequence":
            part = [value[i] for i in sorted(self.rng.sample(range(len(value)), n))]
        if kind == "shuffled":
            self.rng.shuffle(part)
        if kind == "swapped":
            part[self.rng.randrange(n)] = self.rng.choice(value)
        return "".join(part) if isinstance(value, str) else part

    def element(self, at: tuple[int, ...]) -> Any:
        """What stands at these indices, all rules of that place and of those inside kept."""
        kind = self.kind
        again: Any = no_more
        other = self.taken_from(at)
        if other:
            value = other[0]
        elif len(at) >= kind.depth and self.is_replaced(at):
            value = "" if kind.leaf == "str" else 0
        elif len(at) < kind.depth:
            value = self.list_at(at)
            again = partial(self.one_more, at)
        elif kind.leaf == "str":
            value = self.text(at)
            spread = self.spread_of_characters(at)
            again = spread.pick if spread else again
        else:
            value = self.leaf(at)
        return self.shaped(at, value, again)

    def is_replaced(self, at: tuple[int, ...]) -> bool:
        """Whether a rule of this place, or of one around it, draws the whole by itself."""
        around = [at[:n] for n in range(len(at) + 1)]
        rules = [rule for place in around for rule in self.rules(place)]
        return any(rule.quality.is_whole for rule in rules)

    def taken_from(self, at: tuple[int, ...]) -> list:
        """A value that a link makes of another parameter alone: [value], or []."""
        for relation, other in self.links(at):
            if relation.is_whole:
                if not other:
                    raise Reject("the other parameter is empty")
                return [relation.shape(None, other, self.rng)]
        return []

    def links(self, at: tuple[int, ...]) -> Iterator[tuple[Relation, Any]]:
        """The relations of a place to other parameters, with what is drawn of these."""
        for link in self.plan.constraints.reading.links:
            other = self.names.get(link.other)
            is_here = is_at(link.ref, self.name, at)
            if is_here and link.relation.shape and not isinstance(other, Partial | None):
                yield link.relation, other

    def list_at(self, at: tuple[int, ...]) -> list:
        n = len(self.names[self.name]) if not at else self.length_at(at)
        part = Partial(n)
        if at:
            self.container(at).append(part)
        else:
            self.names[self.name] = part
        for index in range(n):
            value = self.element((*at, index))
            if list.__len__(part) > index:
                part[index] = value
            else:
                part.append(value)
        # It stays where it is until its rules are kept, for elements drawn anew.
        return list(list.__iter__(part))

    def one_more(self, at: tuple[int, ...]) -> Any:
        """Another element of the list at these indices, as one after its last."""
        container = self.container((*at, 0))
        index = list.__len__(container)
        value = self.element((*at, index))
        del container[index:]
        return value

    def shaped(self, at: tuple[int, ...], value: Any, again: Any) -> Any:
        for rule in self.rules(at):
            if rule.quality.shape is None:
                continue
            low = self.limits((*at, 0, 0)).low
            tools = Tools(self.rng, self.names, again, low if math.isfinite(low) else 0)
            value = rule.quality.shape(value, tools)
        for relation, other in self.links(at):
            value = relation.shape(value, other, self.rng)
        return value

    def leaf(self, at: tuple[int, ...]) -> Any:
        leaf = self.kind.leaf
        column = at[1:] if len(at) == 2 and self.is_row() else ()
        if leaf == "bool":
            return self.choice(column, (False, True))
        choices = self.choices(at)
        if choices is not None:
            return self.choice(column, choices)
        found = bounded(self.limits(at), self.name)
        if column not in self.spreads:
            is_even = any(rule.quality.is_spread for rule in self.rules(()))
            is_even = is_even and self.rng.random() < 0.8
            self.spreads[column] = Numbers(self.rng, is_even)
        return self.spreads[column].pick(found, leaf == "int")

    def is_row(self) -> bool:
        return self.plan.limits.of(Ref(self.name, ("i",), True), {}).high <= 6
