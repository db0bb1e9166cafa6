"""How often something is in an input: at least one 0, exactly one 'R', every element twice."""

from collections import Counter
from typing import Any

from projected_grpo.problems.inputs.qualities.quality import Quality, Tools


def cells(value: Any) -> list:
    """The leaves of lists of lists; the characters of a string."""
    if isinstance(value, str):
        return list(value)
    found = []
    for inner in value:
        found += cells(inner) if isinstance(inner, list) else [inner]
    return found


def times(element: Any, low: int, high: int | float) -> Quality:
    """A grid, list or string has the element from low to high times."""

    def holds(value: Any, _: dict) -> bool:
        return low <= cells(value).count(element) <= high

    def shape(value: Any, tools: Tools) -> Any:
        has = cells(value).count(element)
        others = [cell for cell in cells(value) if cell != element]
        while others and not low <= has <= high:
            inside, place = some_place(value, tools)
            is_it = inside[place] == element
            if has < low and not is_it:
                inside[place] = element
                has += 1
            if has > high and is_it:
                inside[place] = tools.rng.choice(others)
                has -= 1
        return value

    def shape_text(value: Any, tools: Tools) -> Any:
        if isinstance(value, str):
            return "".join(shape(list(value), tools))
        return shape(value, tools)

    return Quality(f"has {element!r} {low} to {high} times", holds, shape_text)


def some_place(value: list, tools: Tools) -> tuple[list, int]:
    """A list of leaves inside the value, and an index of it."""
    while isinstance(value[0], list):
        value = tools.rng.choice([row for row in value if row])
    return value, tools.rng.randrange(len(value))


def each_but(often: int, rest: int) -> Quality:
    """Every element is there `often` times but for `rest` elements, which are there once."""

    def holds(value: list, _: dict) -> bool:
        found = Counter(Counter(value).values())
        return set(found) <= {often, 1} and found[1] == rest

    def shape(value: list, tools: Tools) -> list:
        distinct = list(dict.fromkeys(value))
        while len(distinct) < rest:
            more = tools.again()
            distinct += [more] if more not in distinct else []
        n = max(rest, 1 + len(distinct) // often)
        distinct = distinct[:n]
        found = [e for e in distinct[rest:] for _ in range(often)] + distinct[:rest]
        tools.rng.shuffle(found)
        return found

    return Quality(f"each {often} times but {rest}", holds, shape, of="list")


HAS_A_REPEAT = Quality("a repeated element", lambda v, _: len(set(v)) < len(v))
UNIQUE_LARGEST = Quality("one largest element", lambda v, _: v.count(max(v)) == 1, of="list")
HALF_EVEN = Quality(
    "half of it even",
    lambda v, _: 2 * sum(x % 2 == 0 for x in v) == len(v),
    lambda v, tools: [x - x % 2 + (i % 2) for i, x in enumerate(v)],
    of="list",
)
HALF_POSITIVE = Quality(
    "as many positive as negative",
    lambda v, _: 2 * sum(x > 0 for x in v) == len(v) == 2 * sum(x < 0 for x in v),
    lambda v, tools: tools.rng.sample([abs(x) * (-1) ** i for i, x in enumerate(v)], len(v)),
    of="list",
)
