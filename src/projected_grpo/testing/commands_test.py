"""Every command of the justfile says what it takes."""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from projected_grpo.cli.declare import keys

JUSTFILE = Path(__file__).parents[3] / "justfile"
# Its settings are hydra's.
TRAIN = "projected_grpo.train"
COMMANDS = sorted(set(re.findall(r"-m (projected_grpo\S+)", JUSTFILE.read_text())) - {TRAIN})


def command(name: str):
    """The module that `python -m name` runs."""
    is_room = find_spec(name).submodule_search_locations is not None
    return import_module(f"{name}.__main__" if is_room else name)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_lists_every_key_of_a_recipes_command_and_exits_0(name, capsys):
    module = command(name)
    with pytest.raises(SystemExit) as end:
        module.main(["--help"])
    printed = capsys.readouterr().out
    rows = [line.split()[0] for line in printed.splitlines() if line.strip()]
    assert end.value.code == 0
    assert {key.shown for key in keys(module.Settings)} <= set(rows)


def test_help_of_train_lists_the_groups_and_our_own_keys(capsys):
    import_module(TRAIN).main(["--help"])
    words = capsys.readouterr().out.split()
    assert {
        "arm=",
        "env=",
        "scale=",
        "device=",
        "model=",
        "seed:",
        "v_hack:",
        "save_every:",
    } <= set(words)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_key_is_one_line_and_runs_nothing(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = command(name)
    if any(key.place == "overrides" for key in keys(module.Settings)):
        pytest.skip("what it does not know it hands to hydra")
    with pytest.raises(SystemExit) as end:
        module.main(["no_such_key=1"])
    assert "unknown argument 'no_such_key'" in end.value.code
    assert "\n" not in end.value.code
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_bare_call_that_misses_something_prints_the_help_and_fails(name, capsys):
    module = command(name)
    if not any(key.needed for key in keys(module.Settings)):
        pytest.skip("needs nothing, so it runs")
    with pytest.raises(SystemExit) as end:
        module.main([])
    bare = capsys.readouterr().out
    with pytest.raises(SystemExit):
        module.main(["--help"])
    assert "missing: expected" in end.value.code
    assert bare == capsys.readouterr().out
