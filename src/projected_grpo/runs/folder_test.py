import json
import os
import socket

import pytest

from projected_grpo import runs
from projected_grpo.cli import Refusal
from projected_grpo.runs.folder import comparable_config
from projected_grpo.runs.provenance import (
    COMMIT_VARIABLE,
    device_name,
    library_versions,
    source_state,
)


def start(root, arm="vanilla", seed=1, group="g", **config):
    return runs.create(
        root,
        group,
        arm,
        seed,
        config={"seed": seed, **config},
        model="m",
        problems="p",
        warm_started=False,
        v_hack=None,
        device="d",
    )


def test_a_new_run_is_running_with_its_config_commit_and_versions_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv(COMMIT_VARIABLE, "0123456789abcdef+dirty")
    run = start(tmp_path, lr=1e-5)
    read = runs.load(tmp_path / "g" / "vanilla-s1")
    assert read.manifest == run.manifest
    assert (read.manifest["status"], read.manifest["ended"], read.commit) == (
        "running",
        None,
        "0123456789+dirty",
    )
    assert read.config == {"seed": 1, "lr": 1e-5}
    assert read.manifest["libraries"].keys() >= {"torch", "transformers"}


def test_recording_marks_done_at_the_end_and_failed_on_an_exception_which_goes_on(tmp_path):
    with runs.recording(start(tmp_path, seed=1)):
        pass
    with pytest.raises(ZeroDivisionError), runs.recording(start(tmp_path, seed=2)):
        _ = 1 / 0
    states = {
        run.seed: (run.manifest["status"], run.manifest["ended"] is None)
        for run in runs.find(tmp_path)
    }
    assert states == {1: ("done", False), 2: ("failed", False)}


def test_a_finished_run_is_never_overwritten(tmp_path):
    start(tmp_path).finish("done")
    with pytest.raises(Refusal, match="finished run: choose another group or seed"):
        start(tmp_path)


def test_an_unfinished_run_is_set_aside_whole_and_out_of_sight(tmp_path):
    old = start(tmp_path)
    (old.path / "metrics.jsonl").write_text("kept")
    old.finish("failed")
    start(tmp_path)
    assert [run.manifest["status"] for run in runs.find(tmp_path)] == ["running"]
    assert [
        file.read_text() for file in (tmp_path / "g" / ".unfinished").rglob("metrics.jsonl")
    ] == ["kept"]


def test_a_run_that_another_process_writes_is_left_alone(tmp_path):
    run = start(tmp_path)
    manifest = {**run.manifest, "pid": os.getppid(), "host": socket.gethostname()}
    (run.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refusal, match=f"being written by process {os.getppid()}"):
        start(tmp_path)


def test_the_manifest_is_replaced_without_leaving_a_scratch_file(tmp_path):
    run = start(tmp_path).finish("done")
    assert sorted(file.name for file in run.path.iterdir()) == ["config.yaml", "manifest.json"]


@pytest.mark.parametrize("name", ["a/b", "..", ""])
def test_a_name_that_would_leave_the_folder_is_refused(tmp_path, name):
    with pytest.raises(Refusal, match="cannot name a folder"):
        start(tmp_path, group=name)


def test_find_ignores_the_manifest_of_a_direction(tmp_path):
    start(tmp_path)
    (tmp_path / "g" / "v_hack").mkdir()
    (tmp_path / "g" / "v_hack" / "manifest.json").write_text(json.dumps({"layer": 20}))
    assert [run.name for run in runs.find(tmp_path)] == ["g/vanilla-s1"]


def test_resolve_takes_a_path_a_full_name_and_a_unique_short_name(tmp_path):
    run = start(tmp_path, "project", 2)
    start(tmp_path, "vanilla", 2)
    for name in (str(run.path), "g/project-s2", "project-s2"):
        assert runs.resolve(name, tmp_path).manifest == run.manifest


def test_resolve_refuses_an_unknown_and_an_ambiguous_name_and_lists_what_there_is(tmp_path):
    start(tmp_path, group="g")
    start(tmp_path, group="h")
    with pytest.raises(Refusal, match=r"no runs called 'x'.*g/vanilla-s1, h/vanilla-s1"):
        runs.resolve("x", tmp_path)
    with pytest.raises(Refusal, match=r"2 runs called 'vanilla-s1'.*g/vanilla-s1, h/vanilla-s1"):
        runs.resolve("vanilla-s1", tmp_path)


def test_a_broken_manifest_is_refused_by_name(tmp_path):
    run = start(tmp_path)
    (run.path / "manifest.json").write_text("{")
    with pytest.raises(Refusal, match=r"vanilla-s1/manifest.json is not JSON"):
        runs.find(tmp_path)


def test_config_hash_is_equal_between_seeds_and_differs_with_a_setting(tmp_path):
    def config_hash(seed: int, lr: float) -> str:
        out, data = (
            str(tmp_path / "g" / f"vanilla-s{seed}"),
            {"seed": seed, "name": f"vanilla-s{seed}"},
        )
        return start(tmp_path, seed=seed, out=out, data=data, lr=lr).manifest["config_hash"]

    assert config_hash(1, 1e-5) == config_hash(2, 1e-5) != config_hash(3, 1e-4)


def test_comparable_config_keeps_every_setting_but_seeds(tmp_path):
    config = {"a": {"b": [1, {"c": 2}], "seed": 3, "empty": {}}, "data_seed": 4}
    assert comparable_config(config, tmp_path / "x-s1") == {"a.b": '[1, {"c": 2}]', "a.empty": "{}"}


def test_problem_set_depends_on_contents_and_not_on_order():
    assert (
        runs.problem_set("mini", ["a", "b"])
        == runs.problem_set("mini", ["b", "a"])
        != runs.problem_set("mini", ["a", "c"])
    )


def test_source_state_without_git_says_unknown(monkeypatch, tmp_path):
    monkeypatch.delenv(COMMIT_VARIABLE, raising=False)
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert source_state() == ("unknown", True)


def test_versions_and_device_are_those_of_this_machine():
    import torch

    assert library_versions()["torch"] in torch.__version__
    assert device_name().startswith(
        "CPU " if not torch.cuda.is_available() else f"{torch.cuda.device_count()} x "
    )
