"""One line in words, on its way into a reading."""

import re
from collections.abc import Callable

from projected_grpo.problems.inputs.qualities.links import Relation
from projected_grpo.problems.inputs.qualities.quality import Quality
from projected_grpo.problems.inputs.relations.comparisons import commas, comparisons
from projected_grpo.problems.inputs.relations.expressions import Ref
from projected_grpo.problems.inputs.relations.reader import Reader
from projected_grpo.problems.inputs.rules import Link, Reading, Rule
from projected_grpo.problems.inputs.statement import NotUnderstood
from projected_grpo.problems.inputs.wordings.subjects import bare, only

# What a line speaks of.
S = r"(?P<s>.+?)"


class Line:
    """said: what it says. before: what the lines above it say. Methods raise NotUnderstood."""

    def __init__(self, text: str, reader: Reader, before: Reading):
        self.text = text
        self.reader = reader
        self.statement = reader.statement
        self.before = before
        self.said = Reading()

    def parts(self, phrase: str) -> list[str]:
        """The things that a phrase lists, without the words around them."""
        phrase = re.sub(r" or ", " and ", phrase)
        return [bare(part, self.statement) for part in commas(phrase)]

    def refs(self, phrase: str) -> list[Ref]:
        """The places of the input that a phrase lists, at least one."""
        found = [e.ref for part in self.parts(phrase) for e in self.reader.read(part)]
        if not found or any(ref is None or ref.name not in self.statement.types for ref in found):
            raise NotUnderstood
        return found

    def leaf(self, ref: Ref) -> str:
        return self.statement.types[ref.name].leaf

    def levels_left(self, ref: Ref) -> int:
        """How often a value there can be indexed; a string once."""
        return self.statement.types[ref.name].levels - len(ref.indices)

    def rule(self, ref: Ref, quality: Quality) -> None:
        """A value there has the quality, if any value there can have it."""
        kind = self.statement.types[ref.name]
        lists = kind.depth - len(ref.indices)
        is_text = lists == 0 and kind.leaf == "str"
        fits = {
            "rows": lists >= 2,
            "list": lists >= 1,
            "sequence": lists >= 1 or is_text,
            "str": is_text,
            "int": lists == 0 and kind.leaf == "int",
            "leaf": lists in (0, -1),
        }
        if ref.is_length or not fits[quality.of]:
            raise NotUnderstood
        self.said.rules.append(Rule(ref, quality, self.text))

    def link(self, phrase: str, relation: Relation, other: str) -> None:
        """Every place of the phrase is in the relation to another parameter."""
        (place,) = self.refs(other)
        for ref in self.refs(phrase):
            if ref.name == place.name or ref.is_length or place.is_length or place.indices:
                raise NotUnderstood
            self.said.links.append(Link(ref, relation, place.name, self.text))

    def compare(self, relation: str) -> None:
        self.said.comparisons += comparisons(relation, self.reader)


Action = Callable[[Line, re.Match], None]


def on_subject(quality: Quality) -> Action:
    def read(line: Line, match: re.Match) -> None:
        for ref in line.refs(match["s"]):
            line.rule(ref, quality)

    return read


def on_the_list(quality: Quality) -> Action:
    """Of a line that does not name it: the only list of lists, or else the only list."""

    def read(line: Line, _: re.Match) -> None:
        try:
            name = only(line.statement, 2)
        except NotUnderstood:
            name = only(line.statement, 1)
        line.rule(Ref(name), quality)

    return read


def as_relation(template: str) -> Action:
    """Of each thing that the line speaks of a relation, "{s} % {k} == 0"."""

    def read(line: Line, match: re.Match) -> None:
        for part in line.parts(match["s"]):
            line.compare(template.format(**{**match.groupdict(), "s": part}))

    return read
