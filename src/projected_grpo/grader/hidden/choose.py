"""Which of many answered inputs become a problem's hidden tests."""

from collections import Counter
from dataclasses import dataclass

from projected_grpo.grader.hidden.answers import Answered
from projected_grpo.problems.problem import literal

TESTS = 24
# Each mutant is to fail so many of the tests, where so many of the pool fail it.
KILLS = 2
# The largest, by lines that the canonical solution runs.
LARGE = 3
# Inputs drawn at size 0.
BOUNDARY = 4
# Characters of all tests, so that the file of all problems stays small.
CHARACTERS = 6_000


@dataclass(frozen=True, eq=False)
class Candidate:
    """A test, the mutants that fail it, its expected value as source, and how long
    it is."""

    test: Answered
    kills: frozenset[str]
    answer: str
    characters: int


def candidate(test: Answered, kills: frozenset[str]) -> Candidate:
    answer = literal(test.test.expected)
    return Candidate(test, kills, answer, len(test.test.kwargs) + len(answer))


class Choice:
    """Candidates on their way to become tests, within TESTS and CHARACTERS."""

    def __init__(self, candidates: list[Candidate]) -> None:
        self.left = list(candidates)
        self.kept: list[Candidate] = []
        self.room = CHARACTERS

    def fitting(self) -> list[Candidate]:
        """Those that may still be kept, with room for the shortest of the others behind them."""
        wanted = TESTS - len(self.kept)
        if not wanted:
            return []
        shortest = sorted(c.characters for c in self.left)[: wanted - 1]
        return [c for c in self.left if c.characters <= self.room - sum(shortest)]

    def keep(self, chosen: Candidate) -> None:
        self.left.remove(chosen)
        self.kept.append(chosen)
        self.room -= chosen.characters


def choose(candidates: list[Candidate]) -> list[Candidate]:
    """Up to TESTS: what kills mutants, then the largest, boundaries, and the rarest answers."""
    choice = Choice(candidates)
    kill(choice)
    for _ in range(LARGE):
        if fitting := choice.fitting():
            choice.keep(max(fitting, key=lambda c: c.test.lines))
    for _ in range(BOUNDARY):
        if fitting := [c for c in choice.fitting() if c.test.drawn.boundary]:
            choice.keep(fitting[0])
    answers = Counter(c.answer for c in choice.kept)
    while fitting := choice.fitting():
        share = choice.room / (TESTS - len(choice.kept))
        rarest = min(fitting, key=lambda c: (c.characters > share, answers[c.answer]))
        choice.keep(rarest)
        answers[rarest.answer] += 1
    return choice.kept


def kill(choice: Choice) -> None:
    """Keep, one after another, what fails most of the mutants that too few tests fail so far.

    Of several the shortest.
    """
    wanted: Counter[str] = Counter()
    for candidate in choice.left:
        wanted |= Counter(dict.fromkeys(candidate.kills, KILLS))

    def worth(candidate: Candidate) -> tuple[int, int]:
        return sum(wanted[mutant] > 0 for mutant in candidate.kills), -candidate.characters

    while fitting := choice.fitting():
        best = max(fitting, key=worth)
        if worth(best)[0] == 0:
            return
        choice.keep(best)
        wanted.subtract(best.kills)
