"""Every place of the seam reaches every mechanism, and is called from where the table says."""

import ast
import inspect
import re
from collections import defaultdict
from pathlib import Path

import pytest

from projected_grpo.interventions.base import Intervention
from projected_grpo.interventions.chain import Chain

ROOT = Path(__file__).parents[1]
PAGE = ROOT.parents[1] / "docs" / "architecture.md"
# | `place`, `place` | D or A | `file`, `file` | what for |
ROW = re.compile(r"^\| (`\w+`(?:, `\w+`)*) \| ([DA]) \| ([^|]+) \|", re.M)
SPAN = re.compile(r"`([^`]+)`")
PLACES = {
    name: method
    for name, method in inspect.getmembers(Intervention, inspect.isfunction)
    if not name.startswith("_")
}


def table() -> dict[str, tuple[str, set[str]]]:
    """Place -> (D or A, the files that call it), as docs/architecture.md has them."""
    rows = {}
    for places, letter, files in ROW.findall(PAGE.read_text()):
        for place in SPAN.findall(places):
            rows[place] = letter, set(SPAN.findall(files))
    return rows


def calls(file: Path) -> set[str]:
    """Places that a file calls on something named interventions."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if ast.unparse(node.func.value).endswith("interventions"):
                names.add(node.func.attr)
    return names & set(PLACES)


def callers() -> dict[str, set[str]]:
    """Place -> the product files that call it."""
    found = defaultdict(set)
    for file in ROOT.rglob("*.py"):
        if not file.name.endswith("_test.py"):
            for place in calls(file):
                found[place].add(str(file.relative_to(ROOT)))
    return dict(found)


@pytest.mark.parametrize("name", PLACES)
def test_the_chain_passes_every_place_on(name):
    assert name in vars(Chain)


def test_every_place_is_called_from_where_the_table_says_and_nowhere_else():
    found = callers()
    # an evaluation by hand may ask for the arm's prompt as well
    assert found == {place: files for place, (_, files) in table().items()}


def test_the_table_says_which_process_runs_a_place_as_its_docstring_does():
    letters = {name: method.__doc__[:2] for name, method in PLACES.items()}
    assert letters == {place: f"{letter}." for place, (letter, _) in table().items()}
