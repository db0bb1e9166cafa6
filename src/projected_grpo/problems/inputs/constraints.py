"""A problem's constraints: read, checked on an input, and drawn from."""

import random
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from projected_grpo.problems.inputs.corrections import Correction, corrections
from projected_grpo.problems.inputs.drawing.drawing import Plan, draw
from projected_grpo.problems.inputs.prose import lines_of_prose, sizes_of_prose
from projected_grpo.problems.inputs.read_line import promises_of, read_line
from projected_grpo.problems.inputs.relations.expressions import NOT_KNOWN
from projected_grpo.problems.inputs.relations.reader import Reader
from projected_grpo.problems.inputs.relations.sizes import Sizes, sizes_of
from projected_grpo.problems.inputs.rules import Reading
from projected_grpo.problems.inputs.statement import (
    NotUnderstood,
    Statement,
    Type,
    read_statement,
)
from projected_grpo.problems.problem import Problem, arguments_of
from projected_grpo.problems.solution_source import Skip

LEAF_TYPES = {"int": int, "float": (int, float), "str": str, "bool": bool}


@dataclass(frozen=True)
class Constraints:
    """promises: lines that speak of the answer; whoever has it may check them."""

    statement: Statement
    sizes: Sizes
    reading: Reading

    @property
    def promises(self) -> list[str]:
        return self.reading.promises

    def violation(self, arguments: dict[str, Any]) -> str | None:
        """Which constraint an input breaks, in words; None if it keeps them all."""
        for name, kind in self.statement.types.items():
            if name not in arguments:
                return f"{name} is missing"
            if not is_of(arguments[name], kind, kind.depth):
                return f"{name} is of another type"
        names = {**arguments, **self.sizes.of(arguments)}
        for name in self.sizes.names:
            if name not in names:
                return f"no {name} fits its lengths"
        for check in self.reading.checks:
            try:
                if not check.holds(names):
                    return f"against: {check.text}"
            except NOT_KNOWN:
                return f"not to be told: {check.text}"
        return None

    def draw(self, rng: random.Random, size: int | float) -> dict[str, Any]:
        """An input of plain values that keeps all constraints, by the method's names in order.

        size: 0 for the smallest lengths allowed, 1 for the largest below the caps. Raises Skip
        where too many tries were rejected.
        """
        return draw(self.plan, rng, size)

    @cached_property
    def plan(self) -> Plan:
        return Plan(self)


def is_of(value: Any, kind: Type, depth: int) -> bool:
    if depth:
        return isinstance(value, list) and all(is_of(v, kind, depth - 1) for v in value)
    if isinstance(value, bool) and kind.leaf != "bool":
        return False
    return isinstance(value, LEAF_TYPES[kind.leaf])


def read(problem: Problem) -> Constraints:
    """Skip where a line is not understood, or a type is not covered."""
    statement = corrected(problem)
    examples = [arguments_of(test.kwargs) for test in problem.tests[:3]]
    try:
        found = of_lines(statement)
    except Skip:
        sizes = sizes_of_prose(statement)
        found = of_lines(replace(statement, lines=(*statement.lines, *sizes)))
    for arguments in examples:
        speaks_of_these_types(found, arguments)
    for line in lines_of_prose(found.statement):
        more = of_lines(replace(statement, lines=(*found.statement.lines, line)))
        # Sentences are read more freely than lines are: the examples decide.
        if not any(breaks(more, a) and not breaks(found, a) for a in examples):
            found = more
    found.reading.promises.extend(promises_of(found.statement.prose))
    return found


def of_lines(statement: Statement) -> Constraints:
    sizes = sizes_of(statement)
    reader = Reader(statement, frozenset(sizes.names))
    reading = Reading()
    for line in statement.lines:
        read_line(line, reader, reading)
    return Constraints(statement, sizes, reading)


def breaks(constraints: Constraints, arguments: dict[str, Any]) -> bool:
    return constraints.violation(arguments) is not None


def corrected(problem: Problem) -> Statement:
    """The statement as data/constraints.yaml has it."""
    correction = corrections().get(f"{problem.id} {problem.method}", Correction())
    if correction.out:
        raise Skip(f"left out by constraints.yaml: {correction.out}")
    statement = read_statement(problem)
    lines = correction.apply(statement.lines, problem.id)
    if not lines:
        raise Skip("no constraints in the statement")
    return replace(statement, lines=lines)


def speaks_of_these_types(constraints: Constraints, arguments: dict[str, Any]) -> None:
    """Skip where a line compares what cannot be compared, "1 <= s[i]" of a string."""
    try:
        constraints.violation(arguments)
    except TypeError:
        raise NotUnderstood from None
