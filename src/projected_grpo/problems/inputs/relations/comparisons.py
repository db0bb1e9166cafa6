"""Lines such as "1 <= k <= nums.length, m <= 105": chains of comparisons."""

import operator
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

OPERATORS = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}
MIRRORED = {"<=": ">=", "<": ">", ">=": "<=", ">": "<", "==": "==", "!=": "!="}
SIGN = re.compile(r"(<=|>=|==|!=|<|>|(?<![<>=!])=(?!=))")
# "..., 0 <= i < n" after a relation says what its indices are; every index is meant anyway.
FOR_ALL = re.compile(
    r",? (?:for|where) (?:all|any|each|every)?(?: odd indices | even indices )?(.*)$"
)
INDEX_NAMES = set("ijkrcuvxyad")


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
    """Skip where the line is no chain of comparisons."""
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
    condition = match[1].strip()
    # "0 <= i < n", "i > 0", "0 <= i < j <= n", "i != 0".
    if not re.fullmatch(r"[\w .+*-]+(?:(<=|<|>=|>|!=|==)[\w .+*-]+)+", condition):
        if re.fullmatch(r"(valid )?(\w|\w+\[\w\])", condition):
            return line[: match.start()], ""
        raise NotUnderstood
    words = set(re.findall(r"\b[a-z]\b", condition))
    if not words & INDEX_NAMES:
        raise NotUnderstood
    # What an index is at most, its list says itself; sizes need not be known here.
    pieces = re.split(r"(<=|<|>=|>|!=|==)", condition)
    kept = []
    for left, sign, right in zip(pieces[::2], pieces[1::2], pieces[2::2]):
        sides = [left.strip(), right.strip()]
        if all(side.isdigit() or side in INDEX_NAMES for side in sides):
            kept.append(f"{sides[0]} {sign} {sides[1]}")
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
