"""A line in words, read by the tables of wordings."""

import re

from projected_grpo.problems.inputs.relations.reader import Reader
from projected_grpo.problems.inputs.rules import Reading
from projected_grpo.problems.inputs.statement import NotUnderstood
from projected_grpo.problems.inputs.wordings import (
    choices,
    counts,
    distinct,
    graphs,
    members,
    numbers,
    order,
    tables,
    texts,
)
from projected_grpo.problems.inputs.wordings.line import Line
from projected_grpo.problems.solution_source import Skip

SUBJECTS = (distinct, order, counts, numbers, members, graphs, texts, tables, choices)
WORDINGS = tuple(
    (re.compile(pattern, re.IGNORECASE), action)
    for subject in SUBJECTS
    for pattern, action in subject.WORDINGS
)
# The tables have one word for each of these.
SAME_WORDS = tuple(
    (re.compile(pattern, re.IGNORECASE), word)
    for pattern, word in (
        (r"guaranteed to be |\b(?:only|just|both) | only$", ""),
        (r"^(?:(?:all|each|every|of|the|given) )+", ""),
        (r"\b(?:are|will be|should be)\b", "is"),
        (r"\bwill (?=consist|contain)", ""),
        (r"\b(?:do not|don't|doesn't)\b", "does not"),
        (r"\b(?:pairwise )?distinct\b", "unique"),
    )
)


def read_words(text: str, reader: Reader, reading: Reading) -> None:
    """Add what a line says to the reading. Raises NotUnderstood where no wording fits."""
    plain = text
    for pattern, word in SAME_WORDS:
        plain = pattern.sub(word, plain)
    for pattern, action in WORDINGS:
        if match := pattern.fullmatch(plain):
            line = Line(text, reader, reading)
            try:
                action(line, match)
            except Skip:
                # Another wording may fit.
                continue
            reading.add(line.said)
            return
    raise NotUnderstood
