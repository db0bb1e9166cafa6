"""Strings drawn: of few letters, sharing beginnings with earlier ones, repeating themselves."""

from projected_grpo.problems.inputs.drawing.limits import Partial
from projected_grpo.problems.inputs.drawing.places import Places
from projected_grpo.problems.inputs.drawing.spreads import Choices, patterned
from projected_grpo.problems.solution_source import Skip


class Strings(Places):
    """The strings of one parameter."""

    def text(self, name: str, at: tuple[int, ...]) -> str:
        choices = self.choices(name, at)
        if choices is not None:
            return self.choice((name, "whole"), choices)
        n = len(self.names[name]) if not at else self.length_at(name, at)
        earlier = self.earlier(name, at)
        if earlier and self.rng.random() < 0.3:
            word = self.rng.choice(earlier)[:n]
            place = self.rng.randint(0, len(word))
            return word[:place] + self.letters(name, at, n, place)
        return patterned(self.letters(name, at, n, 0), self.rng)

    def earlier(self, name: str, at: tuple[int, ...]) -> list[str]:
        """The words beside this one that there are already."""
        if not at:
            return []
        container = self.container(name, at)
        if not isinstance(container, Partial):
            return []
        return [word for word in list.__iter__(container) if isinstance(word, str)]

    def letters(self, name: str, at: tuple[int, ...], n: int, start: int) -> str:
        return "".join(self.letter(name, at, place) for place in range(start, n))

    def letter(self, name: str, at: tuple[int, ...], place: int) -> str:
        own = [r for r in self.rules(name, (*at, place)) if isinstance(r.ref.indices[-1], int)]
        if own:
            return self.choice(
                (name, at, place), own[0].quality.choices or tuple(own[0].quality.characters)
            )
        spread = self.spread_of_characters(name, at)
        if spread is None:
            raise Skip(f"no characters of {name}")
        return spread.pick()

    def spread_of_characters(self, name: str, at: tuple[int, ...]) -> Choices | None:
        if (name, "characters") in self.spreads:
            return self.spreads[(name, "characters")]
        allowed = [r.quality.characters for r in self.rules(name, at) if r.quality.characters]
        for rule in self.rules(name, (*at, -1)):
            allowed.append(rule.quality.characters or "".join(rule.quality.choices))
        allowed = [characters for characters in allowed if characters]
        if not allowed:
            return None
        kept = [c for c in allowed[0] if all(c in other for other in allowed)]
        shared = self.drawing.letters.setdefault("".join(kept), Choices(self.rng, tuple(kept)))
        own = Choices(self.rng, tuple(kept)) if self.rng.random() < 0.1 else shared
        self.spreads[(name, "characters")] = own
        return self.spreads[(name, "characters")]
