"""Problems that several files hold."""

import re
from collections import Counter
from collections.abc import Iterator

from projected_grpo.problems.problem import Problem


def distinct(files: list[list[Problem]], skipped: Counter[str]) -> Iterator[Problem]:
    """The problems of all files, each once, and no two of one id.

    One of a later file that has an earlier one's method and words is the same under another number.
    """
    known: dict[str, tuple[str, ...]] = {}
    for problems in files:
        earlier = set(known.values())
        for problem in problems:
            own = words(problem)
            if own in earlier or known.get(problem.id) == own:
                skipped["same problem as an earlier row"] += 1
            elif problem.id in known:
                skipped["id of another problem"] += 1
            else:
                known[problem.id] = own
                yield problem


def words(problem: Problem) -> tuple[str, ...]:
    """The method's name and the statement, whatever its marks, blanks and capitals are."""
    return (problem.method, *re.findall(r"\w+", problem.description.lower()))
