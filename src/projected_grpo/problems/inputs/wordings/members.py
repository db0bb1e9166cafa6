"""Lines that say what one parameter is to another."""

import re

from projected_grpo.problems.inputs.qualities import links
from projected_grpo.problems.inputs.qualities.links import Relation
from projected_grpo.problems.inputs.wordings.line import Action, Line, S


def linked(relation: Relation) -> Action:
    def read(line: Line, match: re.Match) -> None:
        line.link(match["s"], relation, match["o"])

    return read


def linked_back(relation: Relation) -> Action:
    """The second of the two to the first."""

    def read(line: Line, match: re.Match) -> None:
        line.link(match["o"], relation, match["s"])

    return read


OTHER = r"(?:the )?(?:array |list )?(?P<o>\w+)"
WORDINGS = (
    (rf"{S} is (?:an integer from|in) {OTHER}", linked(links.MEMBER)),
    (rf"{S} equals to an element of {OTHER}", linked(links.MEMBER)),
    (rf"{S} occurs at least once in {OTHER}", linked(links.MEMBER)),
    (rf"{S} (?:will not be|is not) in {OTHER}", linked(links.NO_MEMBER)),
    (rf"{S} is (?:a permutation|an anagram) of {OTHER}", linked(links.PERMUTATION)),
    (rf"{S} and {OTHER} is anagrams of each other", linked(links.PERMUTATION)),
    (rf"{S} is a subsequence of {OTHER}", linked(links.SUBSEQUENCE)),
    (rf"no word is present in {S} and {OTHER}", linked_back(links.DISJOINT)),
)
