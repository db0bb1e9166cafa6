"""How a line of constraints is read: as a relation, else by the tables of wordings."""

import re

from projected_grpo.problems.inputs.expressions import Ref
from projected_grpo.problems.inputs.graphs import SYMMETRIC
from projected_grpo.problems.inputs.line import Line
from projected_grpo.problems.inputs.notation import powers
from projected_grpo.problems.inputs.orders import apart, in_order
from projected_grpo.problems.inputs.predicates import PREFIX, predicate
from projected_grpo.problems.inputs.qualities import made_of
from projected_grpo.problems.inputs.rare_wordings import RARE
from projected_grpo.problems.inputs.reader import Reader
from projected_grpo.problems.inputs.relations import SIGN, Comparison, comparisons
from projected_grpo.problems.inputs.rules import Reading, Rule
from projected_grpo.problems.inputs.statement import COLUMNS
from projected_grpo.problems.inputs.wordings import MADE, WORDINGS
from projected_grpo.problems.solution_source import Skip

COMPILED = tuple(
    (re.compile(pattern, re.IGNORECASE), action) for pattern, action in (*RARE, *WORDINGS, *MADE)
)
# What is promised of the answer excludes no input that a checked answer can tell.
PROMISES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r".*(?:answers?|output|result|return value).*"
        r"(?:fits?|be represented|within|in|inside) (?:an? |the )?"
        r"(?:signed )?(?:range of |the range )?(?:an? )?(?:32|64)[- ]bits?.*",
        r".*answer is (?:guaranteed to be )?(?:in the range \[.*, 231 - 1\].*|less than 231)",
        r".*output doesn't exceed 253-1",
        r"answers? within 10\S* .*|.*answers.*10\^?-5.*",
    )
)
GUARANTEED = re.compile(
    r"^(?:it is guaranteed that|it's guaranteed that|the (?:input|test ?cases?|tests) (?:is|are) "
    r"generated (?:such|so) that|(?:is|are) guaranteed to be)\s+",
    re.IGNORECASE,
)


def read_line(text: str, reader: Reader, reading: Reading) -> None:
    """Add what a line says to the reading. Skip where it is not understood."""
    text = text.strip().rstrip(".;").strip()
    if any(promise.fullmatch(text) for promise in PROMISES):
        reading.promises.append(text)
        return
    if text.startswith(PREFIX):
        reading.links.append(predicate(text, reader))
        return
    if names_columns(text, reader):
        return
    text = GUARANTEED.sub("", text)
    if SIGN.search(text) and relation(text, reader, reading):
        return
    text = powers(text).replace("guaranteed to be ", "")
    for pattern, action in COMPILED:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        before = (len(reading.rules), len(reading.comparisons), len(reading.links))
        try:
            action(Line(text, reader, reading), match)
        except Skip:
            # Another wording of the table may fit; half of a line's rules do not stay.
            del reading.rules[before[0] :]
            del reading.comparisons[before[1] :]
            del reading.links[before[2] :]
        else:
            return
    raise Skip("constraint not understood")


def promises_of(prose: str) -> list[str]:
    """The sentences of the prose that promise something of the answer alone."""
    sentences = [sentence.strip().rstrip(".") for sentence in re.split(r"\. |\n", prose)]
    return [s for s in sentences if any(promise.fullmatch(s) for promise in PROMISES)]


def names_columns(text: str, reader: Reader) -> bool:
    """edges[i] = [ai, bi], which the statement's columns have; how many follows from it."""
    match = COLUMNS.fullmatch(text)
    return match is not None and match[1] in {
        name for places in reader.statement.columns.values() for name, _ in places
    }


def relation(text: str, reader: Reader, reading: Reading) -> bool:
    try:
        found = comparisons(text, reader)
    except Skip:
        return False
    reading.comparisons += found
    for comparison in found:
        reading.rules += order_of(comparison)
    reading.rules += letters_of(text, found)
    return True


def order_of(comparison: Comparison) -> list[Rule]:
    """nums[i] < nums[i + 1] is an order, and endi < starti+1 has intervals apart, to draw by."""
    here, after = comparison.left.ref, comparison.right.ref
    if here is None or after is None or here.name != after.name:
        return []
    if comparison.sign == "==" and here.indices == after.indices[::-1] == ("i", "j"):
        return [Rule(Ref(here.name), SYMMETRIC, comparison.text)]
    if (
        "i + 1" not in after.indices
        or comparison.sign not in ("<", "<=")
        or comparison.condition
        or here.indices[0] != "i"
    ):
        return []
    strict = comparison.sign == "<"
    if len(here.indices) == 1:
        return [Rule(Ref(here.name), in_order(strict), comparison.text)]
    if here.indices[1] == after.indices[1]:
        return [Rule(Ref(here.name), in_order(strict, column=here.indices[1]), comparison.text)]
    if (here.indices[1], after.indices[1]) == (1, 0):
        return [Rule(Ref(here.name), apart(strict), comparison.text)]
    return []


def letters_of(text: str, found: list[Comparison]) -> list[Rule]:
    """'a' <= s[i] <= 'f': of these characters."""
    ends = re.fullmatch(r"'(.)' <= .* <= '(.)'", text)
    if ends is None:
        return []
    letters = "".join(map(chr, range(ord(ends[1]), ord(ends[2]) + 1)))
    places = {side.ref for c in found for side in (c.left, c.right) if side.ref is not None}
    return [Rule(place, made_of(letters), text) for place in places if place.indices]
