"""Lines that say what numbers are: even, a multiple, prime."""

import re

from projected_grpo.problems.inputs.qualities import numbers
from projected_grpo.problems.inputs.qualities.quality import one_of
from projected_grpo.problems.inputs.relations.expressions import Ref
from projected_grpo.problems.inputs.statement import NotUnderstood
from projected_grpo.problems.inputs.wordings.line import Line, S, as_relation, on_subject


def parity(line: Line, match: re.Match) -> None:
    """Of a list's elements a quality, which can be drawn; of a length or a number a relation."""
    is_even = match["parity"].lower() == "even"
    for part in line.parts(match["s"]):
        for expression in line.reader.read(part):
            ref = expression.ref
            if ref is not None and ref.indices and not ref.is_length:
                line.rule(ref, numbers.EVEN if is_even else numbers.ODD)
            else:
                line.compare(f"{part} % 2 == {0 if is_even else 1}")


def zeros_and_ones(line: Line, match: re.Match) -> None:
    """Of lists of numbers; of strings it says which characters."""
    for ref in line.refs(match["s"]):
        kind = line.statement.types[ref.name]
        if kind.leaf != "int" or ref.indices:
            raise NotUnderstood
        line.rule(Ref(ref.name, tuple("ijk"[: kind.depth])), one_of((0, 1)))


WORDINGS = (
    (rf"{S} is (?:an )?(?P<parity>even|odd)(?: integers?)?", parity),
    (rf"{S} is (?:a multiple of|divisible by) (?P<k>\w+)", as_relation("{s} % {k} == 0")),
    (rf"(?P<k>\w+) divides {S}", as_relation("{s} % {k} == 0")),
    (
        rf"{S} is (?:an integer )?between (?P<low>\d+) and (?P<high>\d+)",
        as_relation("{low} <= {s} <= {high}"),
    ),
    (rf"{S} is a power of 2", on_subject(numbers.POWER_OF_TWO)),
    (rf"{S} is a prime number", on_subject(numbers.PRIME)),
    (rf"{S} consist of 0 and 1", zeros_and_ones),
)
