"""What a phrase speaks of: "words[i] and s", "pairs of edges", "the graph"."""

import re

from projected_grpo.problems.inputs.relations.expressions import Ref
from projected_grpo.problems.inputs.statement import NotUnderstood, Statement

FILLERS = re.compile(
    r"^(?:the|any|given|input|array|string|list|integers?|values?|elements?|numbers?|words?|"
    r"letters?|characters?|pairs?|points?|positions|intervals|of|in)\s+",
    re.IGNORECASE,
)
EDGES = ("edges", "roads", "connections", "relations", "paths", "corridors", "highways")


def bare(part: str, statement: Statement) -> str:
    """A place without the words around it; a parameter's name is none of them."""
    while part not in statement.types:
        shorter = FILLERS.sub("", part, count=1)
        if shorter == part:
            return re.sub(r"'s$| array$", "", part)
        part = shorter
    return part


def edges_of(statement: Statement) -> Ref:
    """The list of edges: by its name, else the only list of rows of numbers."""
    for name in EDGES:
        if name in statement.types and statement.types[name].depth == 2:
            return Ref(name)
    return Ref(only(statement, 2))


def only(statement: Statement, depth: int) -> str:
    """The only parameter that is so many lists deep."""
    names = [name for name, kind in statement.types.items() if kind.depth == depth]
    if len(names) != 1:
        raise NotUnderstood
    return names[0]


def strings_of(statement: Statement) -> list[Ref]:
    """Every string in the input."""
    return [
        Ref(name, tuple("ijk"[: kind.depth]))
        for name, kind in statement.types.items()
        if kind.leaf == "str"
    ]
