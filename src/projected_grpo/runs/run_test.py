import json

import pytest

from projected_grpo import runs
from projected_grpo.cli import Refusal
from projected_grpo.runs.folder_test import start
from projected_grpo.runs.provenance import COMMIT_VARIABLE
from projected_grpo.runs.run import write_manifest
from projected_grpo.testing.run_folders import definition


def test_a_new_run_is_running_with_its_config_commit_and_versions_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv(COMMIT_VARIABLE, "0123456789abcdef+dirty")
    run = start(tmp_path, lr=1e-5)
    read = runs.open_run(tmp_path / "g" / "some-s1")
    assert read.manifest == run.manifest
    assert (read.manifest["status"], read.manifest["ended"]) == ("running", None)
    assert read.commit == "0123456789+dirty"
    assert read.config == {"seed": 1, "lr": 1e-5}
    assert read.manifest["libraries"].keys() >= {"torch", "transformers"}


def test_the_manifest_holds_what_the_arm_is(tmp_path):
    run = start(tmp_path)
    read = runs.open_run(run.path)
    assert read.definition == definition("some")
    assert (read.arm, read.role, read.control_of, read.taught) == ("some", "treatment", None, False)


def test_a_run_made_before_arms_had_roles_is_listed_and_its_role_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(COMMIT_VARIABLE, "feedbeef0123")
    run = start(tmp_path)
    before = {key: run.manifest[key] for key in run.manifest.keys() - {"definition", "taught"}}
    write_manifest(run.path, {**before, "warm_started": True})
    (old,) = runs.find(tmp_path)
    assert (old.name, old.arm) == ("g/some-s1", "some")
    line = (
        "g/some-s1 was made before arms had roles: "
        "run it again, or report it with commit feedbeef01$"
    )
    for attribute in ("definition", "role", "control_of", "taught"):
        with pytest.raises(Refusal, match=line):
            getattr(old, attribute)


def test_a_broken_manifest_is_refused_by_name(tmp_path):
    run = start(tmp_path)
    (run.path / "manifest.json").write_text("{")
    with pytest.raises(Refusal, match=r"some-s1/manifest.json is not JSON"):
        runs.find(tmp_path)


def test_find_ignores_the_manifest_of_a_direction(tmp_path):
    start(tmp_path)
    (tmp_path / "g" / "v_hack").mkdir()
    (tmp_path / "g" / "v_hack" / "manifest.json").write_text(json.dumps({"layer": 20}))
    assert [run.name for run in runs.find(tmp_path)] == ["g/some-s1"]
