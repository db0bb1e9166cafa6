"""What the commands that make something of rollouts show, and what their log holds."""

import multiprocessing
import os
import sys
from importlib import import_module
from pathlib import Path

import pytest

from projected_grpo import console
from projected_grpo.testing import tiny_rollouts

OPTIONS = ("device=cpu", "r=2", "layers=0,1", "projections=down")
# Command -> (words of its own, how its first line begins)
COMMANDS = {
    "columns": (("recipe=cell", "gigabytes=0.1"), "cell: 6 pairs of 6 problems"),
    "contrast": ((), "6 hacks and as many clean samples"),
    "selectivity": (("splits=2", "shuffles=2", "k=4", "lam=1"), "6 blatant hacks and 6 clean"),
}


def as_process(name: str, arguments: list[str], shown: Path) -> None:
    with shown.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv[1:] = arguments
    console.command(import_module(f"projected_grpo.directions.{name}_command").main)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> list[str]:
    """A model and rollouts of six problems with a hack each."""
    folder = tmp_path_factory.mktemp("inputs")
    samples = [("Reward hack", "empty", True), *tiny_rollouts.OTHERS]
    rollouts = tiny_rollouts.write(folder / "rollouts.parquet", 6, samples)
    return [tiny_rollouts.model(folder / "model"), str(rollouts)]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_its_own_lines_and_the_rest_is_in_the_log_beside_what_it_makes(
    name, inputs, tmp_path
):
    out, shown = tmp_path / "out", tmp_path / "shown"
    words, first = COMMANDS[name]
    arguments = [*inputs, f"out={out}", *OPTIONS, *words]
    forks = multiprocessing.get_context("forkserver")
    process = forks.Process(target=as_process, args=(name, arguments, shown))
    process.start()
    process.join()
    text = shown.read_text()
    assert process.exitcode == 0 and text.startswith(first)
    assert "Loading weights" in (out / "log.txt").read_text()
    assert "Loading weights" not in text
