"""How many problems and tests of the data are used, and why the others are not."""

from collections import Counter
from dataclasses import dataclass, field

from tabulate import tabulate


@dataclass
class Tally:
    """How many problems and tests are used, and for each reason how many are not."""

    problems: int = 0
    tests: int = 0
    skipped_problems: Counter[str] = field(default_factory=Counter)
    skipped_tests: Counter[str] = field(default_factory=Counter)

    def reasons(self) -> str:
        """Why problems are not used, in one line."""
        return ", ".join(f"{why}: {n}" for why, n in self.skipped_problems.most_common())

    def __str__(self) -> str:
        rows = [["kept", self.problems, self.tests]]
        rows += [[why, n, ""] for why, n in self.skipped_problems.most_common()]
        rows += [[why, "", n] for why, n in self.skipped_tests.most_common()]
        return tabulate(rows, headers=["kept, or why not", "problems", "tests"])
