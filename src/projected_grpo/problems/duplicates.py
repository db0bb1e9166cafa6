"""Problems that several files hold."""

import re
from collections import Counter
from collections.abc import Iterator

from projected_grpo.problems.problem import Problem


def distinct(files: list[list[Problem]], skipped: Counter[str]) -> Iterator[Problem]:
    """The problems of all files, each once, and no two of one id.

    Two are the same that have one id and one method, or, in two files, one method and one
    statement.
    """
    # Of each id, the method's name and the statement's words.
    known: dict[str, tuple[str, ...]] = {}
    for problems in files:
        earlier = set(known.values())
        for problem in problems:
            own = words(problem)
            same_id = problem.id in known and known[problem.id][0] == problem.method
            if same_id or own in earlier:
                skipped["same problem as an earlier row"] += 1
            elif problem.id in known:
                skipped["id of another problem"] += 1
            else:
                known[problem.id] = own
                yield problem


def words(problem: Problem) -> tuple[str, ...]:
    """The method's name and the statement, whatever its marks, blanks and capitals are."""
    return (problem.method, *re.findall(r"\w+", problem.description.lower()))
