"""Lines such as "1 <= k <= nums.length, m <= 105": chains of comparisons."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from projected_grpo.problems.inputs.notation import powers
from projected_grpo.problems.inputs.relations.expressions import (
    Expression,
    all_values,
    quantified,
)
from projected_grpo.problems.inputs.relations.reader import Reader
from projected_grpo.problems.inputs.statement import NotUnderstood

MIRRORED = {"<=": ">=", "<": ">", ">=": "<=", ">": "<", "==": "==", "!=": "!="}
SIGN = re.compile(r"(<=|>=|==|!=|<|>|(?<![<>=!])=(?!=))")
FOR_ALL = re.compile(r",? for (?:all |any |every )?(.*)$")


@dataclass(frozen=True)
class Comparison:
    """left sign right, for all indices in both. condition: for which of them, as Python."""

    left: Expression
    sign: str
    right: Expression
    condition: str
    text: str

    @property
    def names(self) -> frozenset[str]:
        return self.left.names | self.right.names

    @property
    def sides(self) -> tuple[tuple[Expression, Expression], tuple[Expression, Expression]]:
        """Each side with the other one."""
        return (self.left, self.right), (self.right, self.left)

    @cached_property
    def code(self) -> Any:
        condition = f"not ({self.condition}) or " if self.condition else ""
        source = f"({condition}{self.left.source} {self.sign} {self.right.source})"
        return quantified(source, self.left, self.right)

    def holds(self, names: dict[str, Any]) -> bool:
        return all(all_values(self.code, names))


def comparisons(line: str, reader: Reader) -> list[Comparison]:
    """Raises NotUnderstood where the line is no chain of comparisons."""
    body, condition = split_condition(powers(line))
    parts = SIGN.split(body)
    if len(parts) < 3:
        raise NotUnderstood
    groups = [[e for text in commas(part) for e in reader.read(text)] for part in parts[::2]]
    signs = ["==" if sign == "=" else sign for sign in parts[1::2]]
    found = []
    for left, sign, right in zip(groups, signs, groups[1:]):
        for one in left:
            for other in right:
                if not (one.bare | other.bare) <= {i for i, _ in one.loops + other.loops}:
                    raise NotUnderstood
                found.append(Comparison(one, sign, other, condition, line))
    return found


def split_condition(line: str) -> tuple[str, str]:
    """A relation, and the condition on its indices as Python ("" for none)."""
    line = re.sub(r" \(.*indexed\)$", "", line.rstrip("."))
    match = FOR_ALL.search(line)
    if match is None:
        return line, ""
    pieces = [piece.strip() for piece in SIGN.split(match[1])]
    if len(pieces) < 3 or not all(re.fullmatch(r"[\w .+*-]+", side) for side in pieces[::2]):
        raise NotUnderstood
    # What an index is at most, its list says itself; sizes need not be known here.
    kept = [
        f"{left} {sign} {right}"
        for left, sign, right in zip(pieces[::2], pieces[1::2], pieces[2::2])
        if all(side.isdigit() or side in ("i", "j", "k") for side in (left, right))
    ]
    return line[: match.start()], " and ".join(kept)


def commas(text: str) -> list[str]:
    """Split at the commas, and at "and", that stand in no bracket."""
    text = re.sub(r",? and ", ", ", text)
    parts, depth, part = [], 0, ""
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += character
    return [part.strip() for part in [*parts, part] if part.strip()]
