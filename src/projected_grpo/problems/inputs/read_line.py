"""How a line of constraints is read: as a promise, a predicate, a relation, or else in words."""

import re

from projected_grpo.problems.inputs.notation import powers
from projected_grpo.problems.inputs.qualities.order import apart, in_order
from projected_grpo.problems.inputs.qualities.quality import made_of
from projected_grpo.problems.inputs.qualities.tables import SYMMETRIC
from projected_grpo.problems.inputs.relations.comparisons import SIGN, Comparison, comparisons
from projected_grpo.problems.inputs.relations.expressions import Ref
from projected_grpo.problems.inputs.relations.predicates import PREFIX, predicate
from projected_grpo.problems.inputs.relations.reader import Reader
from projected_grpo.problems.inputs.rules import Reading, Rule
from projected_grpo.problems.inputs.statement import COLUMNS, NotUnderstood
from projected_grpo.problems.inputs.wordings.words import read_words

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
    """Add what a line says to the reading. Raises NotUnderstood."""
    text = text.strip().rstrip(".;").strip()
    if is_promise(text):
        reading.promises.append(text)
    elif text.startswith(PREFIX):
        reading.predicates.append(predicate(text, reader))
    elif not names_columns(text, reader):
        text = GUARANTEED.sub("", text)
        if not (SIGN.search(text) and read_relation(text, reader, reading)):
            read_words(powers(text), reader, reading)


def is_promise(text: str) -> bool:
    return any(promise.fullmatch(text) for promise in PROMISES)


def promises_of(prose: str) -> list[str]:
    """The sentences of the prose that promise something of the answer alone."""
    sentences = [sentence.strip().rstrip(".") for sentence in re.split(r"\. |\n", prose)]
    return [sentence for sentence in sentences if is_promise(sentence)]


def names_columns(text: str, reader: Reader) -> bool:
    """edges[i] = [ai, bi], which the statement's columns have; how many follows from it."""
    match = COLUMNS.fullmatch(text)
    return match is not None and match[1] in {
        name for places in reader.statement.columns.values() for name, _ in places
    }


def read_relation(text: str, reader: Reader, reading: Reading) -> bool:
    """Whether the line is a chain of comparisons."""
    try:
        found = comparisons(text, reader)
    except NotUnderstood:
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
    list_itself = Ref(here.name)
    if comparison.sign == "==" and here.indices == after.indices[::-1] == ("i", "j"):
        return [Rule(list_itself, SYMMETRIC, comparison.text)]
    is_upwards = comparison.sign in ("<", "<=") and not comparison.condition
    if not is_upwards or here.indices[:1] != ("i",) or after.indices[:1] != ("i + 1",):
        return []
    strict = comparison.sign == "<"
    match here.indices[1:], after.indices[1:]:
        case (), ():
            return [Rule(list_itself, in_order(strict), comparison.text)]
        case (column,), (other,) if column == other:
            return [Rule(list_itself, in_order(strict, column=column), comparison.text)]
        case (1,), (0,):
            return [Rule(list_itself, apart(strict), comparison.text)]
    return []


def letters_of(text: str, found: list[Comparison]) -> list[Rule]:
    """'a' <= s[i] <= 'f': of these characters."""
    ends = re.fullmatch(r"'(.)' <= .* <= '(.)'", text)
    if ends is None:
        return []
    letters = "".join(map(chr, range(ord(ends[1]), ord(ends[2]) + 1)))
    places = dict.fromkeys(side.ref for c in found for side in (c.left, c.right) if side.ref)
    return [Rule(place, made_of(letters), text) for place in places if place.indices]
