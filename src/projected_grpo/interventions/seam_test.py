"""Every place of the seam reaches every mechanism, and is called where its docstring says."""

import ast
import inspect
from pathlib import Path

import pytest

from projected_grpo.interventions.base import Intervention
from projected_grpo.interventions.chain import Chain

VERL_EXT = Path(__file__).parents[1] / "verl_ext"
TRAIN = Path(__file__).parents[1] / "train.py"
# by the processes that run them: the driver and its reward workers, the actor
DRIVER = (TRAIN, *(VERL_EXT / f"{name}.py" for name in ("data", "reward", "trainer", "launch")))
ACTOR = tuple(VERL_EXT / f"{name}.py" for name in ("engine", "worker", "response_head"))
PLACES = {
    name: method
    for name, method in inspect.getmembers(Intervention, inspect.isfunction)
    if not name.startswith("_")
}


def calls(file: Path) -> set[str]:
    """Names of the methods that a file calls on something named interventions."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if ast.unparse(node.func.value).endswith("interventions"):
                names.add(node.func.attr)
    return names


def letter(name: str) -> str:
    return PLACES[name].__doc__[:2]


@pytest.mark.parametrize("name", PLACES)
def test_the_chain_passes_every_place_on(name):
    assert name in vars(Chain)


@pytest.mark.parametrize("name", PLACES)
def test_a_place_is_called_where_it_says_and_nowhere_else(name):
    here, there = (DRIVER, ACTOR) if letter(name) == "D." else (ACTOR, DRIVER)
    assert any(name in calls(file) for file in here)
    # the driver asks the actor's worker for the end of a step, not the mechanisms
    assert not any(name in calls(file) for file in there)


def test_every_place_says_which_process_runs_it():
    assert {letter(name) for name in PLACES} == {"D.", "A."}
