"""How a line of constraints is read: as a relation, else by the tables of wordings."""

import re

from projected_grpo.problems.inputs.expressions import Reader
from projected_grpo.problems.inputs.notation import powers
from projected_grpo.problems.inputs.phrases import Line
from projected_grpo.problems.inputs.predicates import PREFIX, predicate
from projected_grpo.problems.inputs.rare_wordings import RARE
from projected_grpo.problems.inputs.relations import SIGN, comparisons
from projected_grpo.problems.inputs.rules import Reading
from projected_grpo.problems.inputs.wordings import MADE, WORDINGS
from projected_grpo.problems.solution_source import Skip

COMPILED = tuple(
    (re.compile(pattern, re.IGNORECASE), action) for pattern, action in (*RARE, *WORDINGS, *MADE)
)
# What is promised of the answer excludes no input that a checked answer can tell.
PROMISES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r".*(?:answers?|output|result|return value).*(?:fits?|be represented|within|in|inside) (?:an? |the )?"
        r"(?:signed )?(?:range of |the range )?(?:an? )?(?:32|64)[- ]bits?.*",
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


def relation(text: str, reader: Reader, reading: Reading) -> bool:
    try:
        found = comparisons(text, reader)
    except Skip:
        return False
    reading.comparisons += found
    return True
