"""Lines that say what does not repeat itself."""

import re

from projected_grpo.problems.inputs.qualities.distinct import (
    DISTINCT,
    DISTINCT_CELLS,
    distinct_by,
    distinct_by_all,
)
from projected_grpo.problems.inputs.qualities.quality import Quality
from projected_grpo.problems.inputs.relations.expressions import Ref
from projected_grpo.problems.inputs.statement import NotUnderstood
from projected_grpo.problems.inputs.wordings.line import Line, S, on_subject, on_the_list


def distinct(line: Line, match: re.Match) -> None:
    """All elements of a list; words[i] alone are the elements of words."""
    things = match.groupdict().get("of") or ""
    for ref in line.refs(match["s"]):
        *around, last = ref.indices or [None]
        left = line.levels_left(ref)
        if isinstance(last, int):
            if not around:
                raise NotUnderstood
            # A column of rows.
            line.rule(Ref(ref.name, tuple(around[:-1])), distinct_by(last))
        elif len(around) == 1 and left == 0:
            # Each cell of a grid.
            line.rule(Ref(ref.name), DISTINCT_CELLS)
        else:
            if last and not things:
                ref = Ref(ref.name, tuple(around))
            line.rule(ref, distinctness(line, ref, things))


def distinctness(line: Line, ref: Ref, things: str) -> Quality:
    """The integers of a matrix are its cells; the values of a list of points are its rows."""
    has_columns = any(
        ref.name == name for places in line.statement.columns.values() for name, _ in places
    )
    is_matrix = line.levels_left(ref) == 2 and line.leaf(ref) == "int" and not has_columns
    if is_matrix and re.match("values|integers|elements|numbers", things):
        return DISTINCT_CELLS
    return DISTINCT


def distinct_columns(line: Line, match: re.Match) -> None:
    """starti are distinct: by column. (ai, bi) are distinct: by all of these columns."""
    members = match["members"].split(", ")
    places = [line.statement.columns.get(member) for member in members]
    if None in places:
        raise NotUnderstood
    name = places[0][0][0]
    columns = [found[0][1] for found in places]
    one = len(columns) == 1
    line.rule(Ref(name), distinct_by(columns[0]) if one else distinct_by_all(columns))


THINGS = (
    r"(?:values|integers|elements|numbers|strings|words|characters|letters|pairs|entries|positions)"
)
WORDINGS = (
    (r"(?:pairs|tuples) [\[(](?P<members>\w+(?:, \w+)+)[\])] is unique", distinct_columns),
    (r"(?:values of )?(?P<members>\w+i) is unique", distinct_columns),
    (rf"(?P<of>{THINGS} (?:of|in) ){S} is unique", distinct),
    (rf"{S} is unique", distinct),
    (rf"{S} (?:contains|consists of) unique (?:{THINGS}|coordinates)", distinct),
    (
        rf"{S} (?:contains no|does not contain(?: any)?) (?:duplicates|(?:duplicate|repeated) \w+)",
        distinct,
    ),
    (rf"no letter occurs more than once in {S}", on_subject(DISTINCT)),
    (rf"character occurs at most once in {S}", on_subject(DISTINCT)),
    (r"start point of each interval is unique", on_the_list(distinct_by(0))),
    (r"no two stones is at the same coordinate point", on_the_list(DISTINCT)),
)
