"""One line in words, on its way into a reading."""

from projected_grpo.problems.inputs.expressions import Ref
from projected_grpo.problems.inputs.links import Link, Relation
from projected_grpo.problems.inputs.qualities import Quality
from projected_grpo.problems.inputs.reader import Reader
from projected_grpo.problems.inputs.relations import comparisons
from projected_grpo.problems.inputs.rules import Reading, Rule
from projected_grpo.problems.inputs.subjects import refs
from projected_grpo.problems.solution_source import Skip


class Line:
    """One line in words, to be read into a Reading."""

    def __init__(self, text: str, reader: Reader, reading: Reading):
        self.text = text
        self.reader = reader
        self.reading = reading

    def rule(self, ref: Ref, quality: Quality) -> None:
        """Skip where no value there can have the quality."""
        kind = self.reader.statement.types[ref.name]
        lists = kind.depth - len(ref.indices)
        fits = {
            "rows": lists >= 2,
            "list": lists >= 1,
            "sequence": lists >= 1 or lists == 0 and kind.leaf == "str",
            "str": lists == 0 and kind.leaf == "str",
            "int": lists == 0 and kind.leaf == "int",
            "leaf": lists in (0, -1),
        }
        if ref.is_length or not fits[quality.of]:
            raise Skip("constraint not understood")
        self.reading.rules.append(Rule(ref, quality, self.text))

    def link(self, phrase: str, relation: Relation, other: str) -> None:
        """Every place of the phrase is in the relation to another parameter."""
        (place,) = refs(other, self.reader)
        if place.indices or place.is_length:
            raise Skip("constraint not understood")
        for ref in refs(phrase, self.reader):
            if ref.name == place.name or ref.is_length:
                raise Skip("constraint not understood")
            self.reading.links.append(Link(ref, relation, place.name, self.text))

    def rules(self, phrase: str, quality: Quality) -> None:
        for ref in refs(phrase, self.reader):
            self.rule(ref, quality)

    def compare(self, relation: str) -> None:
        self.reading.comparisons += comparisons(relation, self.reader)

    def levels_left(self, ref: Ref) -> int:
        return self.reader.statement.types[ref.name].levels - len(ref.indices)
