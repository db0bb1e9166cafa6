"""Lines that say what values or strings are made of: few values, or characters."""

import re

from projected_grpo.problems.inputs.qualities.distinct import DISTINCT
from projected_grpo.problems.inputs.qualities.quality import made_of, one_of
from projected_grpo.problems.inputs.relations.expressions import Ref
from projected_grpo.problems.inputs.statement import NotUnderstood
from projected_grpo.problems.inputs.wordings.characters import characters
from projected_grpo.problems.inputs.wordings.line import Line, S
from projected_grpo.problems.inputs.wordings.subjects import strings_of

SPAN = re.compile(r"(?:an integer )?in the range \[(-?\d+), (-?\d+)\]")
LONGEST_SPAN = 1000


def either(line: Line, match: re.Match) -> None:
    """grid[i][j] is 0 or 1; s[i] is 'a' or 'b'; x is -1 or in the range [1, 5]."""
    what = match["what"]
    for ref in line.refs(match["s"]):
        choices = choices_of(what, line.leaf(ref))
        if line.levels_left(ref) > 1 or what.endswith("letters"):
            raise NotUnderstood
        line.rule(ref, one_of(tuple(choices)))


def choices_of(phrase: str, leaf: str) -> list:
    """The values that a phrase lists."""
    found: list = []
    for low, high in SPAN.findall(phrase):
        if leaf != "int" or int(high) - int(low) > LONGEST_SPAN:
            raise NotUnderstood
        found += range(int(low), int(high) + 1)
    for part in re.split(r",? or |,", SPAN.sub("", phrase)):
        part = re.sub(r"^(?:either|one of|or) ", "", part.strip())
        found += literals(part, leaf) if part else []
    if not found:
        raise NotUnderstood
    return found


def literals(part: str, leaf: str) -> list:
    """A number, a quoted string, or what one letter may be ("a digit")."""
    if re.fullmatch(r"-?\d+", part):
        return [part if leaf == "str" else int(part)]
    if leaf != "str":
        raise NotUnderstood
    if re.fullmatch(r"'[^']+'|\"[^\"]+\"", part):
        return [part[1:-1]]
    return list(characters(part))


def made(line: Line, match: re.Match) -> None:
    """s consists of ...; distinct letters are each there at most once."""
    what = match["what"]
    is_distinct = what.startswith("unique ")
    quality = made_of(characters(what.removeprefix("unique ")))
    for ref in line.refs(match["s"]):
        if line.leaf(ref) != "str":
            raise NotUnderstood
        # A grid's letters are letters of its rows, its rows' cells or their characters.
        while line.levels_left(ref) > 1:
            ref = Ref(ref.name, (*ref.indices, "ijkl"[len(ref.indices)]))
        line.rule(ref, quality)
        if is_distinct:
            line.rule(ref, DISTINCT)


def all_strings_made(line: Line, match: re.Match) -> None:
    for ref in strings_of(line.statement):
        line.rule(ref, made_of(characters(match["what"])))


WORDINGS = (
    (r"strings consist of (?P<what>.+)", all_strings_made),
    (rf"{S} (?:is|==) (?:equal to )?(?P<what>.+)", either),
    (
        rf"{S} (?:consists? of|is consisting of|contains?|has|is composed of|is) (?P<what>.+)",
        made,
    ),
)
