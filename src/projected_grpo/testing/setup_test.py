"""scripts/setup.sh and the pins that it chooses, without making an environment."""

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


def test_an_unknown_word_of_setup_is_refused_with_those_there_are():
    done = subprocess.run([SCRIPTS / "setup.sh", "env=tpu"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "unknown argument 'env=tpu': expected env=gpu|cpu, system-site=true" in done.stderr
