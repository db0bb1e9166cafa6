import json
import os
import socket
import subprocess
import sys

import pytest

from projected_grpo import runs
from projected_grpo.cli import Refusal
from projected_grpo.testing.run_folders import definition


def start(root, arm="some", seed=1, group="g", **config):
    return runs.create(
        root,
        group,
        definition(arm),
        seed,
        config={"seed": seed, **config},
        model="m",
        problems="p",
        taught=False,
        v_hack=None,
        device="d",
    )


def test_recording_marks_done_at_the_end_and_failed_on_an_exception_which_goes_on(tmp_path):
    with runs.recording(start(tmp_path, seed=1)):
        pass
    with pytest.raises(ZeroDivisionError), runs.recording(start(tmp_path, seed=2)):
        _ = 1 / 0
    first, second = runs.find(tmp_path)
    assert (first.seed, first.manifest["status"]) == (1, "done")
    assert (second.seed, second.manifest["status"]) == (2, "failed")
    assert first.manifest["ended"] and second.manifest["ended"]


def test_a_finished_run_is_never_overwritten(tmp_path):
    start(tmp_path).finish("done")
    with pytest.raises(Refusal, match="finished run: choose another group or seed"):
        start(tmp_path)


def test_an_unfinished_run_is_set_aside_whole_and_out_of_sight(tmp_path):
    old = start(tmp_path)
    (old.path / "metrics.jsonl").write_text("kept")
    old.finish("failed")
    start(tmp_path)
    for root in (tmp_path, tmp_path / "g"):
        assert [run.manifest["status"] for run in runs.find(root)] == ["running"]
    aside = (tmp_path / "g" / ".unfinished").rglob("metrics.jsonl")
    assert [file.read_text() for file in aside] == ["kept"]


@pytest.mark.parametrize("left", ["states/global_step_4", "ckpt"])
def test_an_unfinished_run_of_the_same_settings_goes_on_from_what_it_kept(left, tmp_path):
    config = {"lr": 1.0, "trainer": {"total_training_steps": 6}}
    old = start(tmp_path, **config)
    (old.path / left).mkdir(parents=True)
    for step in (4, 5):
        with (old.path / "metrics.jsonl").open("a") as lines:
            lines.write(json.dumps({"step": step, "data": {}}) + "\n")
    old.finish("failed")
    run = start(tmp_path, **config)
    kept = [json.loads(line)["step"] for line in (run.path / "metrics.jsonl").open()]
    assert (kept, run.next_step) == (([4], 5) if left != "ckpt" else ([4, 5], 7))
    expected = {**old.manifest, "resumed": run.manifest["resumed"]}
    assert run.manifest == expected and run.manifest["status"] == "running"
    again = run.finish("failed") and start(tmp_path, **config)
    assert [entry["step"] for entry in again.manifest["resumed"]] == [run.next_step - 1] * 2


def test_an_unfinished_run_of_other_settings_is_set_aside_with_its_states(tmp_path):
    old = start(tmp_path, lr=1.0)
    (old.path / "states/global_step_4").mkdir(parents=True)
    old.finish("failed")
    assert start(tmp_path, lr=2.0).next_step == 1
    assert list((tmp_path / "g" / ".unfinished").glob("*/states/global_step_4"))


def test_a_run_that_another_process_writes_is_left_alone(tmp_path):
    run = start(tmp_path)
    manifest = {**run.manifest, "pid": os.getppid(), "host": socket.gethostname()}
    (run.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refusal, match=f"being written by process {os.getppid()}"):
        start(tmp_path)


def test_of_runs_with_one_name_that_start_at_once_one_is_made_and_the_others_are_refused(tmp_path):
    # as long as verl's, so that writing it takes longer than what sets the processes apart
    code = (
        "import pathlib, sys; from projected_grpo.runs.folder_test import start;"
        "config = {f'key_{i}': i for i in range(10000)}; print('ready', flush=True); input();"
        "start(pathlib.Path(sys.argv[1]), **config); print('made', flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-c", code, str(tmp_path)]
    processes = [subprocess.Popen(command, **pipes, text=True) for _ in range(3)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 3
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.stdout.readline() for process in processes]
    ends = [process.communicate()[1] for process in processes]
    assert sorted(said) == ["", "", "made\n"]
    assert sum("is being written by process" in end for end in ends) == 2


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "g/some-s1").mkdir(parents=True)
    (tmp_path / "g/some-s1/notes.txt").write_text("mine")
    with pytest.raises(Refusal, match="holds files and is no run: move it away"):
        start(tmp_path)


def test_the_manifest_is_replaced_without_leaving_a_scratch_file(tmp_path):
    run = start(tmp_path).finish("done")
    assert sorted(file.name for file in run.path.iterdir()) == ["config.yaml", "manifest.json"]


@pytest.mark.parametrize("name", ["a/b", "..", ""])
@pytest.mark.parametrize("key", ["group", "arm"])
def test_a_name_that_would_leave_the_folder_is_refused(tmp_path, key, name):
    with pytest.raises(Refusal, match="cannot name a folder"):
        start(tmp_path, **{key: name})


@pytest.mark.parametrize("change", [{"role": "baseline"}, {"role": None}])
def test_a_definition_with_an_unknown_role_is_an_error(tmp_path, change):
    with pytest.raises(AssertionError, match="expected one of"):
        runs.create(
            tmp_path,
            "g",
            {**definition("some"), **change},
            1,
            config={},
            model="m",
            problems="p",
            taught=False,
            v_hack=None,
            device="d",
        )
    assert runs.find(tmp_path) == []
