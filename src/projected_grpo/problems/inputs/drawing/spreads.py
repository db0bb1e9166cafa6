"""How values are spread: all over the range, in a small window, few different ones, extremes.

Answers vary where inputs do: repeats, near-equal and small values are as frequent as large ones.
"""

import random
from typing import Any

from projected_grpo.problems.inputs.drawing.limits import Range
from projected_grpo.problems.inputs.qualities.quality import Reject


class Numbers:
    """The spread of one list's numbers, or of one column's."""

    def __init__(self, rng: random.Random, even: bool = False):
        """even: all over the range, where lists may not repeat themselves."""
        self.rng = rng
        self.kind = rng.choice(("full", "window", "window", "window", "log", "ends"))
        self.kind = "full" if even else self.kind
        self.width = rng.choice((1, 2, 3, 5, 9, 20, 50, 100))
        self.place = rng.choice((0.0, 0.0, 0.5, 1.0, rng.random()))
        self.reuse = 0.0 if even else rng.choice((0.0, 0.0, 0.3, 0.8))
        self.used: list = []

    def pick(self, found: Range, whole: bool) -> Any:
        """A value of the range. Reject where it is empty."""
        if found.low > found.high:
            raise Reject("no value is left")
        for _ in range(30):
            value = self.value(found.low, found.high, whole)
            if value not in found.excluded:
                break
        else:
            raise Reject("no value is left")
        if len(self.used) < 50:
            self.used.append(value)
        return value

    def value(self, low: Any, high: Any, whole: bool) -> Any:
        if self.used and self.rng.random() < self.reuse:
            value = self.rng.choice(self.used)
            if low <= value <= high:
                return value
        if not whole:
            return self.real(low, high)
        if self.kind == "ends" and self.rng.random() < 0.8:
            return self.rng.choice((low, high))
        if self.kind == "log":
            return self.logarithmic(low, high)
        if self.kind == "window" and high - low > self.width:
            start = self.start(low, high)
            return self.rng.randint(start, start + self.width)
        return self.rng.randint(low, high)

    def start(self, low: int, high: int) -> int:
        """Where the window begins: about 0 where the range goes over it."""
        if low < 0 < high and self.place == 0.0:
            return max(low, min(-(self.width // 2), high - self.width))
        return low + int((high - low - self.width) * self.place)

    def logarithmic(self, low: int, high: int) -> int:
        sign = self.rng.choice((-1, 1)) if low < 0 < high else 1
        origin = 0 if low < 0 < high else low
        reach = -low if sign < 0 else high - origin
        bits = self.rng.randint(0, reach.bit_length())
        return origin + sign * min(reach, self.rng.randint(0, 1 << bits))

    def real(self, low: int | float, high: int | float) -> float:
        digits = self.rng.choice((1, 2, 2, 5))
        value = round(self.rng.uniform(low, high), digits)
        return float(min(max(value, low), high))


class Choices:
    """A spread over few values: even, or with a value or two far more frequent."""

    def __init__(self, rng: random.Random, choices: tuple):
        self.rng = rng
        few = rng.random() < 0.4 and len(choices) > 3
        n = rng.randint(min(2, len(choices)), 3) if few else len(choices)
        self.choices = rng.sample(list(choices), n)
        even = rng.random() < 0.5
        self.weights = [1.0 if even else rng.random() ** 3 + 0.01 for _ in self.choices]

    def pick(self) -> Any:
        return self.rng.choices(self.choices, self.weights)[0]


def length(rng: random.Random, low: int, high: int, size: int | float) -> int:
    """A length of the range: low at size 0, near high at size 1, geometric between."""
    if low > high:
        raise Reject("no length is left")
    top = low + round((high - low + 1) ** size - 1)
    if size >= 1:
        return rng.choice((top, rng.randint((low + top + 1) // 2, top)))
    return rng.randint(max(low, (low + top) // 2), top)


def patterned(text: str, rng: random.Random) -> str:
    """Now and then a repeated part, or a palindrome, of the same length and letters."""
    kind = rng.random()
    if kind < 0.15:
        part = text[: rng.randint(1, max(1, len(text) // 2))]
        return (part * (len(text) // max(1, len(part)) + 1))[: len(text)]
    if kind < 0.3:
        half = text[: (len(text) + 1) // 2]
        return half + text[: len(text) // 2][::-1]
    return text
