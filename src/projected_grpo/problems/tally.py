"""How many problems and tests of the data are used, and why the others are not."""

from collections import Counter
from dataclasses import dataclass, field

from tabulate import tabulate

from projected_grpo.problems.problem import Problem


@dataclass
class Tally:
    """How many problems and tests are used, and for each reason how many are not.

    with_hidden, hidden_tests: of the problems used, those with hidden tests, and these.
    """

    problems: int = 0
    tests: int = 0
    with_hidden: int = 0
    hidden_tests: int = 0
    skipped_problems: Counter[str] = field(default_factory=Counter)
    skipped_tests: Counter[str] = field(default_factory=Counter)

    def use(self, problems: list[Problem]) -> None:
        """These are used, and no others."""
        self.problems = len(problems)
        self.tests = sum(len(p.tests) for p in problems)
        self.with_hidden = sum(len(p.hidden) > 0 for p in problems)
        self.hidden_tests = sum(len(p.hidden) for p in problems)

    def reasons(self) -> str:
        """Why problems are not used, in one line."""
        return ", ".join(f"{why}: {n}" for why, n in self.skipped_problems.most_common())

    def __str__(self) -> str:
        rows = [
            ["kept", self.problems, self.tests],
            ["of these with hidden tests", self.with_hidden, self.hidden_tests],
        ]
        rows += [[why, n, ""] for why, n in self.skipped_problems.most_common()]
        rows += [[why, "", n] for why, n in self.skipped_tests.most_common()]
        return tabulate(rows, headers=["kept, or why not", "problems", "tests"])
