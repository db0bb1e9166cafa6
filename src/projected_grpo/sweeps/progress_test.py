import json
from dataclasses import replace
from pathlib import Path

import pytest

from projected_grpo.sweeps import plan, progress
from projected_grpo.sweeps.plan_test import BASE, BRANCH
from projected_grpo.sweeps.study import parse


def logged(run: Path, *rates: float, first: int = 1) -> Path:
    run.mkdir(parents=True, exist_ok=True)
    entries = []
    for step, rate in enumerate(rates, first):
        shares = {"labels/blatant": rate, "labels/strict": 2 * rate}
        entries.append({"step": step, "data": shares})
    (run / "metrics.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return run


def ended(run: Path) -> None:
    (run / "manifest.json").write_text(json.dumps({"kind": "run", "status": "done"}))


@pytest.mark.parametrize(
    ("at", "step"), [(0.02, 2), (0.03, 4), (0.5, None), (None, 4), (0.021, 4), (0.0, 1)]
)
def test_a_branch_point_is_the_first_step_with_so_many_hacks(at, step, tmp_path):
    run = logged(tmp_path / "run", 0.0, 0.02, 0.01, 0.4)
    assert progress.branch_step(run, at) == step


def test_a_line_that_is_being_written_is_not_read(tmp_path):
    run = logged(tmp_path / "run", 0.0, 0.5)
    file = run / "metrics.jsonl"
    file.write_text(file.read_text()[:-9])
    assert progress.steps(run) == [progress.Step(1, 0.0, 0.0)]


def test_a_run_without_a_step_has_none(tmp_path):
    assert progress.steps(tmp_path) == []


def test_the_longest_of_a_kind_that_ended_well_is_what_a_next_one_may_take(tmp_path):
    study = parse("s", {**BASE, "arms": {"vanilla": None}, "seeds": [1]}, tmp_path)
    study.folder.mkdir()
    (job,) = progress.jobs(study)
    assert progress.seconds_of(study, "run") == 0.0
    for code, seconds in ((0, 5.0), (0, 9.0), (1, 70.0)):
        progress.note(study, job, code, seconds)
    assert progress.seconds_of(study, "run") == 9.0 and progress.seconds_of(study, "set") == 0.0


def test_chosen_arms_are_run_with_what_they_need_and_nothing_else(tmp_path):
    sets = {"start": {"command": "extract"}, "v": {"rollouts": "start"}, "w": {"rollouts": "start"}}
    arms = {"vanilla": None, "held": {"v_hack": "v"}, "other": {"v_hack": "w"}}
    study = parse("s", {**BASE, "arms": arms, "sets": sets, "seeds": [1, 2]}, tmp_path)
    names = [job.name for job in progress.jobs(replace(study, only=("held",)))]
    assert names == ["set start", "set v", "held-s1", "held-s2"]
    assert len(progress.jobs(study)) == 9


def test_a_points_state_stays_for_the_arms_that_are_not_chosen(tmp_path):
    arms = {"vanilla": None, "project": None}
    branch = {**BRANCH, "replicates": 1}
    study = parse("s", {**BASE, "arms": arms, "branch": branch}, tmp_path)
    source, *_ = progress.jobs(study)
    ended(logged(source.folder, 0.05))
    state = plan.state_folder(study, 1, 1)
    state.mkdir(parents=True)
    only = replace(study, only=("vanilla",))
    runs = [job for job in progress.jobs(only) if job.kind == "run"]
    assert [job.name for job in runs] == ["1/vanilla-s1"]
    runs[0].folder.mkdir(parents=True)
    ended(runs[0].folder)
    progress.tidy(only, (), ())
    assert state.is_dir()


def test_an_interrupted_runs_state_stays_until_it_is_done_or_given_up(tmp_path):
    study = parse("s", {**BASE, "arms": {"vanilla": None}, "seeds": [1, 2, 3]}, tmp_path)
    interrupted, done, given_up = progress.jobs(study)
    for job in (interrupted, done, given_up):
        (job.folder / "states" / "global_step_4").mkdir(parents=True)
        failed = json.dumps({"kind": "run", "status": "failed"})
        (job.folder / "manifest.json").write_text(failed)
    ended(done.folder)
    progress.tidy(study, (), {given_up.name})
    left = [job for job in (interrupted, done, given_up) if (job.folder / "states").exists()]
    assert left == [interrupted]
    progress.tidy(study, {interrupted.name}, ())
    assert (interrupted.folder / "states").exists()
