import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.runs.folder import lives
from projected_grpo.sweeps import progress
from projected_grpo.sweeps.alone import alone, stop
from projected_grpo.sweeps.local import Queue
from projected_grpo.sweeps.machine import Card
from projected_grpo.sweeps.plan_test import BASE, BRANCH
from projected_grpo.sweeps.study import Study, parse

pytestmark = pytest.mark.usefixtures("programs")
CPU = Card("", float("inf"), 1)
FOREVER = "sleep=600"


def study(root: Path, **changed: object) -> Study:
    data = {**BASE, "arms": {"vanilla": None, "project": None}, "seeds": [1, 2], **changed}
    return parse("s", data, root / "outputs")


def queue(of: Study, *cards: Card, **settings: float) -> Queue:
    (of.folder / "logs").mkdir(parents=True, exist_ok=True)
    return Queue(of, cards or (CPU,), apart=0.05, **settings)


def names(of: Study) -> list[str]:
    return [entry["name"] for entry in progress.ended(of)]


def wait_for(condition) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within 30 s")


def test_all_runs_end_in_rounds_and_leave_no_weights(tmp_path):
    of = study(tmp_path)
    queue(of).run()
    assert names(of) == ["vanilla-s1", "project-s1", "vanilla-s2", "project-s2"]
    assert all(progress.is_done(job) for job in progress.jobs(of))
    assert not list(of.root.rglob("ckpt"))


def test_final_weights_stay_where_the_study_keeps_them(tmp_path):
    of = study(tmp_path, keep_weights=True, seeds=[1])
    queue(of).run()
    assert len(list(of.root.rglob("ckpt"))) == 2


def test_finished_runs_are_not_run_again(tmp_path):
    queue(study(tmp_path, seeds=[1])).run()
    of = study(tmp_path)
    queue(of).run()
    assert sorted(names(of)) == ["project-s1", "project-s2", "vanilla-s1", "vanilla-s2"]


@pytest.mark.parametrize(("fails", "given_up"), [(1, set()), (2, {"project-s1"})])
def test_a_run_that_fails_is_tried_once_more_and_the_others_go_on(fails, given_up, tmp_path):
    arms = {"project": {"overrides": [f"fails={fails}"]}, "vanilla": None}
    of = study(tmp_path, arms=arms, seeds=[1])
    one = queue(of)
    one.run()
    assert one.given_up == given_up
    assert names(of).count("project-s1") == 2 and "vanilla-s1" in names(of)


def test_a_set_that_fails_is_not_there_and_what_reads_it_waits(tmp_path):
    sets = {"v": {"command": "extract", "options": ["status=1"]}}
    of = study(tmp_path, arms={"project": {"v_hack": "v"}, "vanilla": None}, sets=sets, seeds=[1])
    one = queue(of)
    one.run()
    assert one.given_up == {"set v"} and names(of) == ["set v", "set v", "vanilla-s1"]
    states = {job.name: progress.state(job) for job in progress.jobs(of)}
    assert states["project-s1"] == "waiting"


def test_a_set_is_whole_before_what_reads_it_starts(tmp_path):
    sets = {"v": {"command": "extract"}}
    of = study(tmp_path, arms={"project": {"v_hack": "v"}}, sets=sets, seeds=[1])
    queue(of).run()
    assert names(of) == ["set v", "project-s1"]
    assert [path.name for path in (of.folder / "sets").iterdir()] == ["v"]


def processes_of(of: Study) -> list[int]:
    """Of the runs that are done, in order."""
    done = [job for job in progress.jobs(of) if job.kind == "run" and progress.is_done(job)]
    return [progress.run_of(job).manifest["pid"] for job in done]


def test_in_a_warm_study_one_process_makes_all_runs_in_the_same_order(tmp_path):
    of = study(tmp_path)
    queue(of, warm=True).run()
    assert names(of) == ["vanilla-s1", "project-s1", "vanilla-s2", "project-s2"]
    (process,) = set(processes_of(of))
    assert not lives(process)


def test_a_run_that_fails_ends_its_process_and_the_next_has_another(tmp_path):
    arms = {"vanilla": None, "project": {"overrides": ["fails=1"]}}
    of = study(tmp_path, arms=arms, seeds=[1])
    queue(of, warm=True).run()
    assert names(of) == ["vanilla-s1", "project-s1", "project-s1"]
    assert len(set(processes_of(of))) == 2


def test_a_warm_process_leaves_the_card_to_a_set(tmp_path):
    sets = {"v": {"command": "extract", "at": "branch"}}
    of = branched(tmp_path, {1: [0.1]}, sets, points=1, started=1)
    queue(of, warm=True).run()
    assert names(of)[:2] == ["source vanilla-s1001", "set v-1"]
    source = next(job for job in progress.jobs(of) if job.kind == "source")
    (process,) = set(processes_of(of))
    assert progress.run_of(source).manifest["pid"] != process


def started(of: Study, *cards: Card) -> dict[str, str]:
    """Job -> card of what runs at once; all of it is ended."""
    one = queue(of, *cards)
    one.apart = 0.0
    for _ in range(6):
        one.turn()
    found = {name: process.card.visible for name, process in one.at_work.items()}
    one.end_all()
    return found


def test_as_many_run_at_once_on_each_card_as_its_memory_holds(tmp_path):
    large = {"memory_gb": 50, "overrides": [FOREVER]}
    arms = {"vanilla": {"overrides": [FOREVER]}, "project": large}
    of = study(tmp_path, arms=arms, memory_gb=30, seeds=[1, 2])
    cards = (Card("0", 80.0, 9), Card("1", 80.0, 9))
    # a second project fits nowhere, and no later job takes the card that is kept for it
    expected = {"vanilla-s1": "0", "project-s1": "1", "vanilla-s2": "0"}
    assert started(of, *cards) == expected
    assert len(started(of, Card("0", 80.0, 1))) == 1


def test_a_set_has_a_card_to_itself(tmp_path):
    sets = {"v": {"command": "extract"}, "w": {"command": "extract"}}
    of = study(tmp_path, sets=sets)
    one = queue(of)
    card = Card("0", 80.0, 9)
    first, second, run = progress.jobs(of)[:3]
    assert one.fits(first, card)
    one.start(first, card)
    assert not one.fits(second, card) and not one.fits(run, card)
    assert one.fits(second, Card("1", 80.0, 9))
    one.end_all()


def test_no_run_is_started_that_would_not_end_in_time(tmp_path):
    of = study(tmp_path)
    one = queue(of, until=time.time() + 100)
    (job, *_) = progress.jobs(of)
    progress.note(of, job, 0, 50.0)
    assert one.in_time(job)
    progress.note(of, job, 0, 500.0)
    assert not one.in_time(job)
    one.run()
    assert not list(of.root.rglob("manifest.json"))


RUNNER = """
import json, sys
from pathlib import Path
from projected_grpo.sweeps import local, machine, plan, study
plan.TRAIN = "small_trainer"
local.APART = 0.05
of = study.parse("s", json.loads(sys.argv[1]), Path(sys.argv[2]))
local.run(of, [machine.Card("", float("inf"), 1)], float("inf"))
"""


@contextmanager
def running(of: Study, arms: dict[str, Any]) -> Iterator[tuple[subprocess.Popen, list[int]]]:
    """A runner of its own, and the processes of the run project-s1, once that sleeps."""
    data = json.dumps({**BASE, "arms": arms, "seeds": [1]})
    command = [sys.executable, "-c", RUNNER, data, str(of.root)]
    project = of.root / "s" / "project-s1"
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as runner:
        wait_for(lambda: (project / "child").exists() and (project / "child").read_text())
        trainer = json.loads((project / "manifest.json").read_text())["pid"]
        yield runner, [trainer, int((project / "child").read_text())]


SLEEPS = {"vanilla": None, "project": {"overrides": [FOREVER]}}


def test_a_signal_ends_all_processes_and_the_same_command_goes_on(tmp_path):
    of = study(tmp_path, arms=SLEEPS, seeds=[1])
    with running(of, SLEEPS) as (runner, processes):
        with pytest.raises(Refusal, match="another process runs s"), alone(of):
            pass
        os.kill(runner.pid, signal.SIGTERM)
        _, said = runner.communicate(timeout=60)
    assert said.splitlines()[-1].endswith("ended by SIGTERM: the same command goes on from here")
    wait_for(lambda: not any(map(lives, processes)))
    states = {job.name: progress.state(job) for job in progress.jobs(of)}
    assert states == {"vanilla-s1": "done", "project-s1": "interrupted"}

    again = study(tmp_path, seeds=[1])
    queue(again).run()
    assert names(again) == ["vanilla-s1", "project-s1"]


def test_stop_ends_all_processes_of_a_study_that_runs(tmp_path):
    of = study(tmp_path, arms=SLEEPS, seeds=[1])
    with running(of, SLEEPS) as (runner, processes):
        assert stop(of)
        assert not any(map(lives, processes))
        _, said = runner.communicate(timeout=60)
    assert "ended by SIGTERM" in said
    assert not stop(of)


def test_stop_ends_runs_whose_runner_was_killed_outright(tmp_path):
    of = study(tmp_path, arms=SLEEPS, seeds=[1])
    with running(of, SLEEPS) as (runner, processes):
        runner.kill()
        runner.communicate()
        with pytest.raises(Refusal, match="project-s1 is being written by process"), alone(of):
            pass
        assert stop(of)
    wait_for(lambda: not any(map(lives, processes)))
    with alone(of):
        assert progress.state(progress.jobs(of)[1]) == "interrupted"


def branched(root: Path, rates: dict[int, list[float]], sets=None, **changed: object) -> Study:
    words = [f"rates={json.dumps({str(1000 + i): own for i, own in rates.items()})}"]
    branch = {**BRANCH, "replicates": 1, "overrides": words, **changed}
    arms = {"vanilla": None, "project": None}
    data = {**BASE, "arms": arms, "branch": branch, "sets": sets or {}}
    return parse("s", data, root / "outputs")


def test_arms_start_from_the_first_points_that_are_reached_and_no_state_is_left(tmp_path):
    rates = {1: [0.0, 0.0], 2: [0.0, 0.05, 0.01], 3: [0.03, 0.5]}
    of = branched(tmp_path, rates)
    queue(of).run()
    assert names(of) == [
        "source vanilla-s1001",
        "source vanilla-s1002",
        "2/vanilla-s2",
        "2/project-s2",
        "source vanilla-s1003",
        "3/vanilla-s3",
        "3/project-s3",
    ]
    assert progress.points(of) == {2: 2, 3: 1}
    assert not list(of.root.rglob("state.json"))


def test_only_so_many_states_are_held_at_once(tmp_path):
    of = branched(tmp_path, {1: [0.1], 2: [0.1], 3: [0.1]}, held=2)
    queue(of).run()
    sources = [i for i, name in enumerate(names(of)) if name.startswith("source")]
    assert sources == [0, 1] and len(names(of)) == 6


def test_a_point_that_is_lost_is_replaced_by_another(tmp_path):
    of = branched(tmp_path, {1: [0.1], 2: [0.1], 3: [0.1]})
    one = queue(of)
    source = next(job for job in progress.jobs(of) if job.kind == "source")
    one.start(source, CPU)
    one.at_work[source.name].popen.wait()
    one.collect(one.at_work[source.name])
    (state,) = of.root.rglob("state.json")
    state.unlink()
    queue(of).run()
    assert [name for name in names(of) if "/" in name] == [
        "2/vanilla-s2",
        "2/project-s2",
        "3/vanilla-s3",
        "3/project-s3",
    ]
    lost = [job.name for job in progress.jobs(of) if progress.state(job) == "lost"]
    assert lost == ["1/vanilla-s1", "1/project-s1"]


def test_a_point_whose_set_fails_keeps_its_state_for_the_next_time(tmp_path):
    rates = {1: [0.1], 2: [0.1], 3: [0.1]}
    sets = {"v": {"command": "extract", "at": "branch", "options": ["status=1"]}}
    of = branched(tmp_path, rates, sets)
    queue(of).run()
    assert names(of) == ["source vanilla-s1001", "set v-1", "set v-1"]
    assert len(list(of.root.rglob("state.json"))) == 1
    queue(branched(tmp_path, rates, {"v": {"command": "extract", "at": "branch"}})).run()
    assert names(of)[3:6] == ["set v-1", "1/vanilla-s1", "1/project-s1"]
