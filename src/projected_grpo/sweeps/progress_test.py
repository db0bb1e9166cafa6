import json
from pathlib import Path

import pytest

from projected_grpo.sweeps import progress, status
from projected_grpo.sweeps.plan_test import BASE
from projected_grpo.sweeps.study import parse


def logged(run: Path, *rates: float, first: int = 1) -> Path:
    run.mkdir(parents=True, exist_ok=True)
    entries = [
        {"step": step, "data": {"labels/blatant": rate}} for step, rate in enumerate(rates, first)
    ]
    (run / "metrics.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return run


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
    assert progress.steps(run) == [progress.Step(1, 0.0)]


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


def test_the_status_says_where_each_run_stands_and_how_many_are_planned(tmp_path):
    study = parse("s", {**BASE, "arms": {"vanilla": None}, "seeds": [1, 2]}, tmp_path)
    first, second = progress.jobs(study)
    logged(first.folder, 0.0, 0.25, first=7)
    times = {"started": "2026-01-01T00:00:00+00:00", "ended": "2026-01-01T00:01:30+00:00"}
    manifest = {"kind": "run", "status": "done", **times}
    (first.folder / "manifest.json").write_text(json.dumps(manifest))
    assert status.rows(study) == [
        ("run", "vanilla", 1, None, "done", 8, 25.0, 90.0),
        ("run", "vanilla", 2, None, "ready", None, None, None),
    ]
    assert "1 of 2 runs done" in status.text(study)
