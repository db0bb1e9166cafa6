"""The lines of constraints that are words, by pattern. The first that fits is a line's."""

import re
from collections.abc import Callable

from projected_grpo.problems.inputs import graphs, qualities
from projected_grpo.problems.inputs.characters import characters
from projected_grpo.problems.inputs.expressions import Ref
from projected_grpo.problems.inputs.line import Line
from projected_grpo.problems.inputs.orders import in_order
from projected_grpo.problems.inputs.qualities import Quality, made_of, one_of
from projected_grpo.problems.inputs.subjects import edges_of, refs, strings_of
from projected_grpo.problems.solution_source import Skip


def made(line: Line, match: re.Match) -> None:
    """s consists of ...; distinct letters are each there at most once."""
    what = match["what"]
    distinct = re.match(r"(distinct|unique) ", what)
    if distinct:
        what = what[distinct.end() :]
    quality = made_of(characters(what))
    for ref in refs(match["s"], line.reader):
        if line.reader.statement.types[ref.name].leaf != "str":
            raise Skip("constraint not understood")
        # A grid's letters are letters of its rows, its rows' cells or their characters.
        while line.levels_left(ref) > 1:
            ref = Ref(ref.name, (*ref.indices, "ijkl"[len(ref.indices)]))
        line.rule(ref, quality)
        if distinct:
            line.rule(ref, qualities.DISTINCT)


def all_strings_made(line: Line, match: re.Match) -> None:
    for ref in strings_of(line.reader.statement):
        line.rule(ref, made_of(characters(match["what"])))


def either(line: Line, match: re.Match) -> None:
    """grid[i][j] is 0 or 1; s[i] is 'a' or 'b'; x is -1 or in the range [1, 5]."""
    choices: list = []
    for ref in refs(match["s"], line.reader):
        choices = choices_of(match["what"], line.reader.statement.types[ref.name].leaf)
        if line.levels_left(ref) > 1 or re.search(r"(?<!either )letters$", match["what"]):
            raise Skip("constraint not understood")
        line.rule(ref, one_of(tuple(choices)))


def choices_of(phrase: str, leaf: str) -> list:
    found: list = []
    phrase = re.sub(r"\binclusive\b", "", phrase).strip(" .")
    spans = r"(?:an? )?(?:integers? )?in the (?:inclusive )?range (?:of )?\[(-?\w+), ?(-?\w+)\]"
    for low, high in re.findall(spans, phrase):
        if leaf != "int" or not (isnumber(low) and isnumber(high)):
            raise Skip("constraint not understood")
        if int(high) - int(low) > 1000:
            raise Skip("constraint not understood")
        found += range(int(low), int(high) + 1)
    phrase = re.sub(spans, "", phrase)
    for part in re.split(r", or |, and | or | and |,(?! ?')|,(?= ?['\"])", phrase):
        part = re.sub(r"^(?:either|one of|of|or|the|characters?|only) ", "", part.strip(" ,."))
        if not part:
            continue
        found += literals(part, leaf)
    if not found:
        raise Skip("constraint not understood")
    return found


def isnumber(text: str) -> bool:
    return re.fullmatch(r"-?\d+", text) is not None


def literals(part: str, leaf: str) -> list:
    """A number, a quoted string, or what one letter may be ("a digit")."""
    if isnumber(part):
        return [part if leaf == "str" else int(part)]
    if re.fullmatch(r"'[^']+'|\"[^\"]+\"", part) and leaf == "str":
        return [part[1:-1].replace("\\\\", "\\")]
    if part in ("' '", '" "'):
        return [" "]
    if leaf != "str":
        raise Skip("constraint not understood")
    return list(characters(part))


def in_range(line: Line, match: re.Match) -> None:
    for ref in refs(match["s"], line.reader):
        if line.reader.statement.types[ref.name].leaf == "str":
            raise Skip("constraint not understood")
    for part in re.split(r", | and ", match["s"]):
        line.compare(f"{match['low']} <= {part} <= {match['high']}")


def distinct(line: Line, match: re.Match) -> None:
    """All elements of a list; words[i] alone are the elements of words."""
    of_elements = match.groupdict().get("of") is not None
    for ref in refs(match["s"], line.reader):
        if len(ref.indices) == 2 and line.levels_left(ref) == 0 and isinstance(ref.indices[1], str):
            # Each cell of a grid.
            line.rule(Ref(ref.name), qualities.DISTINCT_CELLS)
            continue
        if len(ref.indices) > 1 and isinstance(ref.indices[-1], int):
            # A column of rows.
            rows = Ref(ref.name, ref.indices[:-2])
            line.rule(rows, qualities.distinct_by(ref.indices[-1]))
            continue
        if not of_elements and ref.indices and line.levels_left(ref) == 0:
            ref = Ref(ref.name, ref.indices[:-1])
        elif not of_elements and ref.indices and isinstance(ref.indices[-1], str):
            ref = Ref(ref.name, ref.indices[:-1])
        if ref.indices and isinstance(ref.indices[-1], int):
            raise Skip("constraint not understood")
        if line.levels_left(ref) < 1:
            raise Skip("constraint not understood")
        line.rule(ref, distinctness(line, ref, match.groupdict().get("of") or ""))


def distinctness(line: Line, ref: Ref, things: str) -> Quality:
    """The integers of a matrix are its cells; the values of a list of points are its rows."""
    statement = line.reader.statement
    has_columns = any(ref.name == name for p in statement.columns.values() for name, _ in p)
    is_matrix = line.levels_left(ref) == 2 and statement.types[ref.name].leaf == "int"
    if is_matrix and not has_columns and re.match("values|integers|elements|numbers", things):
        return qualities.DISTINCT_CELLS
    return qualities.DISTINCT


def distinct_columns(line: Line, match: re.Match) -> None:
    """starti are distinct: by column. (ai, bi) are distinct: by all of a row's columns."""
    members = [m.strip() for m in match["members"].split(",")]
    places = [line.reader.statement.columns.get(m, ()) for m in members]
    if not all(len(found) >= 1 for found in places):
        raise Skip("constraint not understood")
    columns = [found[0][1] for found in places]
    ref = Ref(places[0][0][0])
    if len(columns) == 1:
        line.rule(ref, qualities.distinct_by(columns[0]))
        return
    part = qualities.no_repeats(
        lambda row: tuple(qualities.key(row[c]) for c in columns), "rows distinct"
    )
    line.rule(ref, part)


def ordered(line: Line, match: re.Match) -> None:
    strict = match["strict"] is not None or match["order"] in ("increasing_",)
    descending = match["order"].startswith(("desc", "decr", "non-incr"))
    by = match.groupdict().get("by")
    for ref in refs(match["s"], line.reader):
        column = None
        if by is not None:
            column = column_of(line, by, ref.name)
        elif ref.indices and isinstance(ref.indices[-1], int):
            column = ref.indices[-1]
            ref = Ref(ref.name, ref.indices[:-2])
        if line.levels_left(ref) < 1 or column is None and line.levels_left(ref) > 1:
            raise Skip("constraint not understood")
        line.rule(ref, in_order(strict, descending, column))
        if match.groupdict().get("also") is not None:
            line.rule(ref, qualities.DISTINCT)


def column_of(line: Line, member: str, name: str) -> int:
    for place in line.reader.statement.columns.get(member, ()):
        if place[0] == name:
            return place[1]
    raise Skip("constraint not understood")


def on_edges(*found: Quality) -> Callable[[Line, re.Match], None]:
    def read(line: Line, _: re.Match) -> None:
        ref = edges_of(line.reader.statement)
        if ref.name == "graph":
            # Its rows are lists of neighbours.
            raise Skip("constraint not understood")
        for quality in found:
            line.rule(ref, quality)
        joins = any(quality in (graphs.TREE, graphs.CONNECTED) for quality in found)
        if joins and ("n" in line.reader.statement.types or "n" in line.reader.sizes):
            line.compare(f"{ref.name}.length >= n - 1")

    return read


def on_subject(quality: Quality) -> Callable[[Line, re.Match], None]:
    def read(line: Line, match: re.Match) -> None:
        line.rules(match["s"], quality)

    return read


def on_strings(quality: Quality) -> Callable[[Line, re.Match], None]:
    """Of the only string, whatever the line calls it."""

    def read(line: Line, _: re.Match) -> None:
        found = strings_of(line.reader.statement)
        if len(found) != 1:
            raise Skip("constraint not understood")
        line.rule(found[0], quality)

    return read


def as_relation(template: str) -> Callable[[Line, re.Match], None]:
    def read(line: Line, match: re.Match) -> None:
        for part in re.split(r", | and ", match["s"]):
            part = re.sub(r"^(?:both|the) ", "", part, flags=re.IGNORECASE)
            line.compare(template.format(**{**match.groupdict(), "s": part}))

    return read


def nothing(line: Line, match: re.Match) -> None:
    """A line that excludes no input."""
