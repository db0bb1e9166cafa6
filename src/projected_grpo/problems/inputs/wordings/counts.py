"""Lines that say how often something is there."""

import math
import re

from projected_grpo.problems.inputs.qualities import counts
from projected_grpo.problems.inputs.relations.expressions import Ref
from projected_grpo.problems.inputs.wordings.choices import choices_of
from projected_grpo.problems.inputs.wordings.line import Action, Line, S, on_subject
from projected_grpo.problems.inputs.wordings.subjects import only


def times(line: Line, match: re.Match) -> None:
    """There is at least one 0 in mat: of its leaves."""
    groups = match.groupdict()
    low, high = groups.get("low"), groups.get("high")
    if low is None:
        low, high = 1, 1 if match["how"] == "exactly" else math.inf
    else:
        low, high = int(low), int(high)
    for ref in line.refs(match["s"]):
        (element,) = choices_of(match["what"], line.leaf(ref))
        line.rule(ref, counts.times(element, low, high))


def frequency(often: int, rest: int) -> Action:
    """Each element so often but for a few that are there once."""

    def read(line: Line, match: re.Match) -> None:
        name = match["s"]
        if name not in line.statement.types:
            name = only(line.statement, 1)
        line.rule(Ref(name), counts.each_but(often, rest))

    return read


WHAT = r"(?P<what>\d+|'.')"
BUT_ONE = "except for one element which appears once"
WORDINGS = (
    (rf"there is (?P<how>at least|exactly) one {WHAT} in {S}", times),
    (rf"{S} has (?P<how>exactly) one {WHAT}", times),
    (rf"number of {WHAT}'s in {S} is in the range \[(?P<low>\d+), (?P<high>\d+)\]", times),
    (rf"element in {S} appears twice {BUT_ONE}", frequency(2, 1)),
    (rf"element in {S} appears exactly three times {BUT_ONE}", frequency(3, 1)),
    (rf"integer in {S} will appear twice, two integers will appear once", frequency(2, 2)),
    (rf"largest element in {S} is unique", on_subject(counts.UNIQUE_LARGEST)),
    (rf"half of the integers in {S} is even", on_subject(counts.HALF_EVEN)),
    (
        rf"{S} consists of equal number of positive and negative integers",
        on_subject(counts.HALF_POSITIVE),
    ),
    (rf"{S} has at least one repeated letter", on_subject(counts.HAS_A_REPEAT)),
)
