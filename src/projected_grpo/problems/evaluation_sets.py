"""The frozen evaluation sets, and what may not be trained on beside them."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from projected_grpo.problems.problem import Problem

FOLDER = Path(__file__).parent
# Each an id -> content hash: scripts/freeze_evaluation_set.py writes them.
SETS = {"frozen": FOLDER / "evaluation_set.json", "solvable": FOLDER / "solvable_set.json"}
# The set "solvable" has so many of the problems that a model solves at such rates.
SOLVABLE, RATES = 120, (0.1, 0.6)
# With fewer tests a table of the examples would do.
LEAST_TESTS = 20
# Pairs of problems that are nearly one: see near.py.
NEAR = Path(__file__).parents[3] / "data/near_duplicates.tsv"


def listed(name: str) -> dict[str, str]:
    """Problem id -> content hash, in the set's order."""
    return json.loads(SETS[name].read_text())


def neighbours() -> dict[str, set[str]]:
    """Problem id -> those that are nearly the same."""
    near: dict[str, set[str]] = {}
    with NEAR.open(encoding="utf-8", newline="") as file:
        for one, other, *_ in list(csv.reader(file, delimiter="\t"))[1:]:
            near.setdefault(one, set()).add(other)
            near.setdefault(other, set()).add(one)
    return near


def with_neighbours(names: Iterable[str]) -> set[str]:
    near = neighbours()
    names = set(names)
    return names.union(*(near.get(name, set()) for name in names))


def held() -> set[str]:
    """Ids of all that is in a set, and of what is near one of these: none is trained on."""
    return with_neighbours(name for each in SETS for name in listed(each))


def solvable(problems: list[Problem], rates: dict[str, float]) -> list[Problem]:
    """Those that a model solves at RATES, none in or near the set "frozen", SOLVABLE at most.

    Each has LEAST_TESTS, hidden ones counted.

    rates: problem id -> share of samples that are right. Chosen by content hash, which is chance.
    """
    taken = with_neighbours(listed("frozen"))
    low, high = RATES
    tested = [p for p in problems if len(p.tests) + len(p.hidden) >= LEAST_TESTS]
    fits = [p for p in tested if p.id not in taken and low <= rates.get(p.id, 0.0) <= high]
    return sorted(fits, key=lambda problem: problem.hash)[:SOLVABLE]
