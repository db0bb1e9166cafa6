import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from projected_grpo.sweeps import progress, status
from projected_grpo.sweeps.plan_test import BASE
from projected_grpo.sweeps.progress_test import logged
from projected_grpo.sweeps.study import Study, hypothesis, parse


def study(root: Path) -> Study:
    return parse("s", {**BASE, "arms": {"vanilla": None}, "seeds": [1, 2, 3]}, root)


def written(run: Path, state: str, **facts: object) -> None:
    entry = {"kind": "run", "status": state, "host": os.uname().nodename, "ended": None, **facts}
    (run / "manifest.json").write_text(json.dumps(entry))


def ended(run: Path) -> None:
    began, end = "2026-01-01T00:00:00+00:00", "2026-01-01T00:01:30+00:00"
    written(logged(run, 0.0, 0.25, first=7), "done", started=began, ended=end)


def at_work(run: Path, seconds: float, process: subprocess.Popen) -> None:
    began = datetime.now(UTC) - timedelta(seconds=seconds)
    written(logged(run, *[0.0] * 6), "running", started=began.isoformat(), pid=process.pid)


def process(seconds: float) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])


def test_the_status_says_where_each_run_stands_and_how_many_are_planned(tmp_path):
    of = study(tmp_path)
    first, second, _ = progress.jobs(of)
    ended(first.folder)
    assert status.rows(of)[:2] == [
        ("run", "vanilla", 1, None, "done", 8, 25.0, 50.0, 90.0, None),
        ("run", "vanilla", 2, None, "ready", None, None, None, None, None),
    ]
    assert "1 of 3 runs done" in status.text(of)


def test_the_status_has_the_hypothesis_of_every_chosen_arm(tmp_path):
    of = parse("s", {**BASE, "arms": {"vanilla": None, "hold": None}, "seeds": [1]}, tmp_path)
    both = [f"{arm}: {hypothesis(of, arm)}" for arm in ("vanilla", "hold")]
    assert status.text(of).splitlines()[2:4] == both
    chosen = status.text(replace(of, only=("hold",)))
    assert both[1] in chosen and both[0] not in chosen and "0 of 1 runs done" in chosen


def test_a_run_at_work_has_the_time_left_that_its_steps_take(tmp_path):
    of = study(tmp_path)
    first, *_ = progress.jobs(of)
    with process(60) as one:
        at_work(first.folder, 12.0, one)
        (row, *_) = status.rows(of)
        one.kill()
    # six steps of 24 in 12 s
    assert row[4:6] == ("running", 6) and 36.0 <= row[-1] < 40.0


def test_an_interrupted_run_has_no_time(tmp_path):
    of = study(tmp_path)
    first, *_ = progress.jobs(of)
    with process(0) as one:
        at_work(first.folder, 12.0, one)
    (row, *_) = status.rows(of)
    assert row[4:6] == ("interrupted", 6) and row[-2:] == (None, None)


def test_the_rest_is_what_runs_and_what_waits_by_the_longest_run(tmp_path):
    of = study(tmp_path)
    first, second, _ = progress.jobs(of)
    ended(first.folder)
    of.folder.joinpath("jobs.jsonl").touch()
    progress.note(of, first, 0, 300.0)
    with process(60) as one:
        at_work(second.folder, 60.0, one)
        # 240 s of the second, 300 of the third
        assert "1 of 3 runs done, some 9 min left" in status.text(of)
        one.kill()


def everything(terminal: int) -> str:
    """What was written to a terminal whose other end is closed: one read may give a part of it."""
    parts = []
    # EIO: there is no more
    with suppress(OSError):
        while part := os.read(terminal, 100_000):
            parts.append(part)
    return b"".join(parts).decode()


def test_a_terminal_shows_the_table_anew_while_the_study_goes_on(tmp_path):
    of = study(tmp_path)
    first, *_ = progress.jobs(of)
    ours, theirs = pty.openpty()
    turns = iter([True, True, False])
    with process(60) as one, open(theirs, "w") as terminal:

        def goes_on() -> bool:
            more = next(turns)
            if not more:
                one.kill()
                one.wait()
            return more

        at_work(first.folder, 12.0, one)
        status.show(of, terminal, goes_on, every=0.1)
    shown = everything(ours)
    assert shown.count(status.CLEAR) == 2
    assert "running" in shown.split(status.CLEAR)[1]
    assert "interrupted" in shown.split("runs done")[-1]


def test_a_pipe_has_the_table_once(tmp_path):
    of = study(tmp_path)
    first, *_ = progress.jobs(of)
    with process(60) as one, open(tmp_path / "out", "w") as file:
        at_work(first.folder, 12.0, one)
        status.show(of, file, lambda: one.poll() is None)
        one.kill()
    assert (tmp_path / "out").read_text().count("runs done") == 1
