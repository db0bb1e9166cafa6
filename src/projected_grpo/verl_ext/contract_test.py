"""What is overridden and patched in other libraries is there, as configs/contract.txt has it."""

import inspect
import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from projected_grpo.testing import tiny_engine
from projected_grpo.verl_ext import contract

RENAMED = "verl.experimental.agent_loop.single_turn_agent_loop"
OVERRIDE = "verl_ext.agent_loop.WholeResponses.run"


def looked(folder: Path) -> None:
    """The contract with the libraries as installed, then with one parameter of verl's renamed."""
    (folder / "misfits.json").write_text(json.dumps(contract.misfits()))
    (folder / "found.json").write_text(json.dumps(contract.found()))
    copy = folder / "copy.py"
    source = inspect.getsource(sys.modules[RENAMED])
    copy.write_text(source.replace("sampling_params: dict", "sampling_parameters: dict"))
    spec = spec_from_file_location(RENAMED, copy)
    sys.modules[RENAMED] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[RENAMED])
    del sys.modules["projected_grpo.verl_ext.agent_loop"]
    (folder / "renamed.json").write_text(json.dumps(contract.found()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("contract")
    tiny_engine.spawned(looked, folder)
    return folder


def read(folder: Path, name: str):
    return json.loads((folder / f"{name}.json").read_text())


def test_every_name_that_is_overridden_or_patched_is_there_as_the_contract_has_it(folder):
    changed = contract.differences(contract.table(), read(folder, "found"))
    assert not changed, contract.remedy(changed)


def test_every_override_takes_what_its_original_takes(folder):
    misfits = read(folder, "misfits")
    assert not misfits, contract.remedy(misfits)


@pytest.mark.parametrize(
    ("ours", "reason"),
    [
        (lambda self, batch, metrics: None, None),
        (lambda self, *args, **kwargs: None, None),
        (lambda self, batch, metrics, more=None: None, None),
        (lambda self, batch: None, "does not take metrics"),
        (lambda self, batch, metrics, more: None, "wants more, which it is not given"),
    ],
)
def test_an_override_fits_where_it_can_be_called_as_its_original_is(ours, reason):
    def theirs(self, batch, metrics): ...

    assert contract.misfit(ours, theirs) == reason


def test_a_parameter_that_verl_renames_is_named_with_what_it_was_and_is(folder):
    (change,) = contract.differences(contract.table(), read(folder, "renamed"))
    ours, was, now = change.splitlines()
    assert ours == OVERRIDE
    assert was.startswith("  was verl.") and "(self, sampling_params, priority=0" in was
    assert now.startswith("  is  verl.") and "(self, sampling_parameters, priority=0" in now


def test_an_override_that_the_contract_does_not_hold_is_named(folder):
    table = contract.table()
    del table[OVERRIDE]
    (change,) = contract.differences(table, read(folder, "found"))
    assert change.startswith(f"{OVERRIDE}\n  was nothing: it is not in the table\n")


def test_a_line_of_the_contract_that_nothing_overrides_any_more_is_named(folder):
    found = read(folder, "found")
    del found[OVERRIDE]
    (change,) = contract.differences(contract.table(), found)
    assert change.endswith("\n  is  nothing: no such override or patch")


def test_an_attribute_of_something_that_the_contract_does_not_know_is_refused(tmp_path):
    file = tmp_path / "new.py"
    file.write_text("def slow(engine):\n    engine.turns = 2\n")
    with pytest.raises(SystemExit, match=r"new.py:2 sets engine.turns: say in .* what engine is"):
        list(contract.patched(file))


def test_a_patch_is_found_wherever_its_module_was_imported(tmp_path):
    file = tmp_path / "new.py"
    file.write_text("def go():\n    from verl.utils import device\n    device.name = None\n")
    assert list(contract.patched(file)) == [("device", "verl.utils.device", "name")]
