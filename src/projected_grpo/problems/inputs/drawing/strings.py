"""Strings drawn: of few letters, sharing beginnings with earlier ones, repeating themselves."""

from projected_grpo.problems.inputs.drawing.limits import Partial
from projected_grpo.problems.inputs.drawing.places import Places
from projected_grpo.problems.inputs.drawing.spreads import Choices, patterned
from projected_grpo.problems.solution_source import Skip


class Strings(Places):
    """The strings of one parameter."""

    def text(self, at: tuple[int, ...]) -> str:
        choices = self.choices(at)
        if choices is not None:
            return self.choice("whole", choices)
        n = len(self.names[self.name]) if not at else self.length_at(at)
        earlier = self.earlier(at)
        if earlier and self.rng.random() < 0.3:
            word = self.rng.choice(earlier)[:n]
            place = self.rng.randint(0, len(word))
            return word[:place] + self.letters(at, n, place)
        return patterned(self.letters(at, n, 0), self.rng)

    def earlier(self, at: tuple[int, ...]) -> list[str]:
        """The words beside this one that there are already."""
        if not at:
            return []
        container = self.container(at)
        if not isinstance(container, Partial):
            return []
        return [word for word in list.__iter__(container) if isinstance(word, str)]

    def letters(self, at: tuple[int, ...], n: int, start: int) -> str:
        return "".join(self.letter(at, place) for place in range(start, n))

    def letter(self, at: tuple[int, ...], place: int) -> str:
        own = [r for r in self.rules((*at, place)) if isinstance(r.ref.indices[-1], int)]
        if own:
            quality = own[0].quality
            return self.choice((at, place), quality.choices or tuple(quality.characters))
        spread = self.spread_of_characters(at)
        if spread is None:
            raise Skip(f"no characters of {self.name}")
        return spread.pick()

    def spread_of_characters(self, at: tuple[int, ...]) -> Choices | None:
        if "characters" in self.spreads:
            return self.spreads["characters"]
        allowed = [r.quality.characters for r in self.rules(at) if r.quality.characters]
        for rule in self.rules((*at, -1)):
            allowed.append(rule.quality.characters or "".join(rule.quality.choices))
        allowed = [characters for characters in allowed if characters]
        if not allowed:
            return None
        kept = [c for c in allowed[0] if all(c in other for other in allowed)]
        shared = self.drawing.letters.setdefault("".join(kept), Choices(self.rng, tuple(kept)))
        own = Choices(self.rng, tuple(kept)) if self.rng.random() < 0.1 else shared
        self.spreads["characters"] = own
        return self.spreads["characters"]
