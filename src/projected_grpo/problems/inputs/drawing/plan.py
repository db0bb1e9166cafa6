"""In which order the quantities of a problem are drawn."""

from functools import cached_property
from typing import Any

from projected_grpo.problems.inputs.drawing.limits import Limits

# What a statement calls the number of nodes, or of rows.
COUNTS = ("n", "m", "numCourses", "cities", "rows", "cols")


class Plan:
    """What of a problem's quantities is drawn before what; the same for all draws."""

    def __init__(self, constraints: Any):
        self.constraints = constraints
        self.statement = constraints.statement
        self.comparisons = constraints.reading.comparisons
        self.limits = Limits(self.comparisons)
        types = self.statement.types
        self.scalars = [n for n, t in types.items() if t.levels == 0]
        self.texts = [n for n, t in types.items() if t.levels]
        self.lists = self.ordered_lists()

    @cached_property
    def size_like(self) -> list[str]:
        """Sizes, and whole numbers that lengths or indices of nodes hang on, as n of edges."""
        types = self.statement.types
        numbers = [n for n in self.scalars if types[n].leaf == "int" and self.is_size(n)]
        return [*self.constraints.sizes.names, *numbers]

    def is_size(self, name: str) -> bool:
        for c in self.comparisons:
            for one, other in c.sides:
                if name not in other.names or one.ref is None or one.ref.name == name:
                    continue
                is_own = other.ref is not None and other.ref.name == name
                if one.ref.is_length and (c.sign == "==" or not is_own):
                    return True
                if one.ref.indices and name in COUNTS:
                    return True
        return False

    @cached_property
    def early(self) -> list[str]:
        """Numbers that bound the elements of lists."""
        others = [name for name in self.scalars if name not in self.size_like]
        return [n for n in others if any(self.bounds(n, text) for text in self.texts)]

    @cached_property
    def late(self) -> list[str]:
        return [n for n in self.scalars if n not in self.size_like and n not in self.early]

    def bounds(self, name: str, other: str) -> bool:
        """Whether elements of the other one are compared with something of name."""
        for c in self.comparisons:
            for one, two in c.sides:
                is_in_it = one.ref is not None and one.ref.name == other
                is_element = is_in_it and one.ref.indices and not one.ref.is_length
                if is_element and name in two.names:
                    return f"len({name})" not in two.source
        return False

    def first(self, name: str, other: str) -> bool:
        """Whether the other one's elements hang on name."""
        links = self.constraints.reading.links
        is_linked = any(k.ref.name == other and k.other == name for k in links)
        return is_linked or self.bounds(name, other)

    def ordered_lists(self) -> list[str]:
        waiting = list(self.texts)
        order = []
        while waiting:
            free = [n for n in waiting if not any(self.first(o, n) for o in waiting if o != n)]
            order.append((free or waiting)[0])
            waiting.remove(order[-1])
        return order
