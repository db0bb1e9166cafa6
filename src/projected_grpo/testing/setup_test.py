"""What the scripts take that run before there is an environment, without making one."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"
TORCH = version("torch").partition("+")[0]


def chosen(folder: Path, *pins: str, system_site: str) -> subprocess.CompletedProcess:
    """pins.py, run by this Python, with a wheel of einops 0.8.1 at hand."""
    (folder / "einops-0.8.1-py3-none-any.whl").touch()
    (folder / "pins.txt").write_text("\n".join(pins))
    command = [sys.executable, SCRIPTS / "pins.py", folder / "pins.txt", system_site, folder]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_machines_own_torch_is_taken_and_said_and_the_rest_installed(tmp_path):
    done = chosen(tmp_path, f"torch=={TORCH}", "einops==0.8.1", system_site="true")
    assert (done.returncode, done.stdout) == (0, "einops==0.8.1\n")
    assert f"setup: 1 from this machine: torch {TORCH}" in done.stderr


@pytest.mark.parametrize(
    ("pins", "system_site", "line"),
    [
        (["einops==0.8.2"], "false", "lacks 1 wheels (einops==0.8.2): add them"),
        (["torch==1.0.0"], "true", "the pins want 1.0.0: leave system-site=true out"),
    ],
)
def test_pins_that_nothing_gives_are_refused_in_one_line(pins, system_site, line, tmp_path):
    done = chosen(tmp_path, *pins, system_site=system_site)
    assert done.returncode == 1 and line in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("script", "word", "known"),
    [
        ("setup.sh", "env=tpu", "env=gpu|cpu, system-site=true, wheels=FOLDER"),
        ("sync_external.sh", "ulr=there", "url=URL or a mirror's path, pin=COMMIT"),
    ],
)
def test_an_unknown_word_is_refused_in_one_line_with_those_there_are(script, word, known):
    done = subprocess.run([SCRIPTS / script, word], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"projected_grpo: unknown argument '{word}': expected {known}\n"
