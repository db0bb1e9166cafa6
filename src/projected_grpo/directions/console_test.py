"""What the commands that make something of rollouts show, and what their log holds."""

import pytest

from projected_grpo.testing import processes, tiny_rollouts

OPTIONS = ("device=cpu", "r=2", "layers=0,1", "projections=down")
# Command -> (words of its own, how its first line begins)
COMMANDS = {
    "columns": (("recipe=cell", "gigabytes=0.1"), "cell: 6 pairs of 6 problems"),
    "contrast": ((), "6 hacks and as many clean samples"),
    "selectivity": (("splits=2", "shuffles=2", "k=4", "lam=1"), "6 blatant hacks and 6 clean"),
}


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
    out = tmp_path / "out"
    words, first = COMMANDS[name]
    module = f"projected_grpo.directions.{name}_command"
    done = processes.run(tmp_path, module, *inputs, f"out={out}", *OPTIONS, *words)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith(first)
    assert "Loading weights" in (out / "log.txt").read_text()
    assert "Loading weights" not in done.stdout
