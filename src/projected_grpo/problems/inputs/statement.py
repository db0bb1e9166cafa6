"""A problem's statement: its parameters, lines of constraints, prose, and columns' names."""

import ast
import re
from dataclasses import dataclass

from projected_grpo.problems.inputs.notation import plain
from projected_grpo.problems.problem import Problem
from projected_grpo.problems.solution_source import Skip, signature


class NotUnderstood(Skip):
    """A line of constraints that no wording covers, and that might exclude any input."""

    def __init__(self) -> None:
        super().__init__("constraint not understood")


LEAVES = ("int", "float", "str", "bool")
HEADING = re.compile(r"^\s*(Constraints|Note|Notes)\s*:\s*$", re.MULTILINE)
# What follows the constraints, or stands between them and binds nothing.
ASIDE = re.compile(
    r"^(follow[- ]?up|note: this question|could you|can you|what if|"
    r"it is not required|this question is the same)",
    re.IGNORECASE,
)
COLUMNS = re.compile(r"\b(\w+)(\[\w+\])? ?={1,2} ?[\[({]([A-Za-z_][\w ,]*)[\])}]")


@dataclass(frozen=True)
class Type:
    """A leaf under so many lists: List[List[int]] is ("int", 2)."""

    leaf: str
    depth: int

    @property
    def levels(self) -> int:
        """How often a value can be indexed; a string once."""
        return self.depth + (self.leaf == "str")


@dataclass(frozen=True)
class Statement:
    """types: the method's parameters in their order. columns: name -> [(parameter, column)]."""

    types: dict[str, Type]
    lines: tuple[str, ...]
    prose: str
    columns: dict[str, tuple[tuple[str, int], ...]]


def read_statement(problem: Problem) -> Statement:
    """Skip where a type is not covered."""
    types = {}
    for argument in signature(problem.starter_code, problem.method).args[1:]:
        types[argument.arg] = type_of(argument.annotation)
    text = plain(problem.description)
    headings = list(HEADING.finditer(text))
    start = headings[-1].end() if headings else len(text)
    lines = [line.strip() for line in text[start:].split("\n")]
    lines = [line for line in lines if line and not ASIDE.match(line)]
    prose = prose_of(text[:start])
    named = columns("\n".join([prose, *lines]), types)
    return Statement(types, tuple(lines), prose, named)


def prose_of(text: str) -> str:
    """The statement without its examples."""
    return re.split(r"^\s*Example ?\d*:?", text, maxsplit=1, flags=re.MULTILINE)[0]


def type_of(annotation: ast.expr | None) -> Type:
    """Skip where it is neither a plain leaf nor lists of one."""
    depth = 0
    while isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) in LISTS:
        annotation = annotation.slice
        depth += 1
    leaf = ast.unparse(annotation) if annotation is not None else ""
    if leaf not in LEAVES:
        raise Skip("a parameter's type is not covered")
    return Type(leaf, depth)


LISTS = ("List", "list")


def columns(text: str, types: dict[str, Type]) -> dict[str, tuple[tuple[str, int], ...]]:
    """What "edges[i] = [ai, bi]" calls a row's members, wherever the statement has it."""
    found: dict[str, list[tuple[str, int]]] = {}
    for name, index, members in COLUMNS.findall(text):
        if name not in types or types[name].depth != (2 if index else 1):
            continue
        for column, member in enumerate(re.split(r"[ ,]+", members.strip())):
            place = (name, column)
            if member.isidentifier() and member not in types:
                if place not in found.setdefault(member, []):
                    found[member].append(place)
    return {member: tuple(places) for member, places in found.items()}
