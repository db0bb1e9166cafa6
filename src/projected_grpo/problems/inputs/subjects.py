"""What a phrase speaks of: "words[i] and s", "all the pairs of edges", "the given graph"."""

import re

from projected_grpo.problems.inputs.expressions import Ref
from projected_grpo.problems.inputs.reader import Reader
from projected_grpo.problems.inputs.relations import commas
from projected_grpo.problems.inputs.statement import Statement
from projected_grpo.problems.solution_source import Skip

FILLERS = re.compile(
    r"^(?:the|an?|all|both|each|every|any|given|input|array|string|strings|list|integer|integers|"
    r"values?|elements?|numbers?|words?|entries|letters?|characters?|pairs?|tuples?|rows?|items|"
    r"digits?|names?|points?|of|in|matrix|positions|intervals|distinct|function's)\s+",
    re.IGNORECASE,
)
EDGES = (
    "edges",
    "roads",
    "connections",
    "relations",
    "prerequisites",
    "paths",
    "flights",
    "corridors",
    "highways",
    "tickets",
    "dislikes",
    "trust",
    "richer",
    "times",
    "pairs",
    "bridges",
)


def refs(phrase: str, reader: Reader) -> list[Ref]:
    """The places that a phrase lists. Skip where one is none of the input's."""
    phrase = re.sub(r" (?:or|and/or|&) ", " and ", phrase.strip())
    found = []
    for part in commas(phrase):
        part = bare(part, reader.statement)
        for expression in reader.read(part):
            if expression.ref is None or expression.ref.name not in reader.statement.types:
                raise Skip("constraint not understood")
            found.append(expression.ref)
    if not found:
        raise Skip("constraint not understood")
    return found


def bare(part: str, statement: Statement) -> str:
    """A place without the words around it; a parameter's name is none of them."""
    while True:
        if part in statement.types:
            return part
        shorter = FILLERS.sub("", part, count=1)
        if shorter == part:
            return re.sub(r"'s$| array$", "", part)
        part = shorter


def edges_of(statement: Statement) -> Ref:
    """The list of edges: by its name, else the only list of rows of numbers."""
    for name in EDGES:
        if name in statement.types and statement.types[name].depth == 2:
            return Ref(name)
    return Ref(only(statement, 2))


def only(statement: Statement, depth: int) -> str:
    """The only parameter that is so many lists deep; Skip where there are more or none."""
    names = [name for name, kind in statement.types.items() if kind.depth == depth]
    if len(names) != 1:
        raise Skip("constraint not understood")
    return names[0]


def strings_of(statement: Statement) -> list[Ref]:
    """Every string in the input."""
    found = []
    for name, kind in statement.types.items():
        if kind.leaf == "str":
            found.append(Ref(name, tuple("ijk"[: kind.depth])))
    return found
