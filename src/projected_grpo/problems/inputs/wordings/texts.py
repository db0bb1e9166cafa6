"""Lines that say what strings are beyond their characters."""

import re

from projected_grpo.problems.inputs.qualities import texts
from projected_grpo.problems.inputs.qualities.quality import Quality
from projected_grpo.problems.inputs.statement import NotUnderstood
from projected_grpo.problems.inputs.wordings.line import Action, Line, S, on_subject
from projected_grpo.problems.inputs.wordings.subjects import strings_of


def on_the_string(quality: Quality) -> Action:
    """Of the only string, whatever the line calls it."""

    def read(line: Line, _: re.Match) -> None:
        found = strings_of(line.statement)
        if len(found) != 1:
            raise NotUnderstood
        line.rule(found[0], quality)

    return read


HAVE_NO = r"(?:has no|contains no|(?:does|will) not (?:have|contain)(?: any)?)"
WORDINGS = (
    (
        rf"{S} {HAVE_NO} leading (?:zeros?|0's)(?:,? except .*)?",
        on_subject(texts.NO_LEADING_ZEROS),
    ),
    (rf"{S} {HAVE_NO} leading or trailing spaces", on_subject(texts.NO_OUTER_BLANKS)),
    (r"there is no leading or trailing spaces", on_the_string(texts.NO_OUTER_BLANKS)),
    (rf"words in {S} is separated by a single space", on_subject(texts.SINGLE_BLANKS)),
    (
        rf"there is a single space between consecutive words of {S}",
        on_subject(texts.SINGLE_BLANKS),
    ),
    (
        rf"{S} consists of words separated by a single space"
        r" without any leading or trailing spaces",
        on_subject(texts.SINGLE_BLANKS),
    ),
    (rf"there is at least one word in {S}", on_subject(texts.HAS_A_WORD)),
    (rf"{S} contains at least one word", on_subject(texts.HAS_A_WORD)),
    (rf"{S} is a (?:balanced|valid) parentheses string", on_subject(texts.BALANCED)),
    (rf"parentheses expression {S} is a VPS", on_subject(texts.BALANCED)),
    (r"parentheses is balanced", on_the_string(texts.BALANCED)),
    (rf"{S} is in the format \"?hh:mm\"?", on_subject(texts.CLOCK)),
    (rf"{S} is a palindrome", on_subject(texts.PALINDROME)),
    (rf"{S} begins with a capital letter and has no other", on_subject(texts.CAPITALISED)),
)
