"""What either runner does with a study: processes of this machine, or pueue's queue."""

import signal
import sys

import pytest

from projected_grpo.sweeps import added
from projected_grpo.sweeps.machine import Card
from projected_grpo.sweeps.study import read
from projected_grpo.testing.study_runners import (
    FOREVER,
    NEEDS_PUEUE,
    SLEEPS,
    any_lives,
    branching,
    names,
    processes,
    states,
    wait_for,
)

SET = {"v": {"command": "extract"}}
FAILING = {"v": {"command": "extract", "options": ["status=1"]}}


def test_all_jobs_run_in_rounds_after_their_sets_and_leave_no_weights(study, runner):
    arms = {"vanilla": None, "held": {"config": "hold", "v_hack": "v"}}
    of = study(arms=arms, sets=SET)
    runner.through(of)
    assert names(of) == ["set v", "vanilla-s1", "held-s1", "vanilla-s2", "held-s2"]
    assert set(states(of).values()) == {"done"} and not list(of.root.rglob("ckpt"))
    assert [path.name for path in (of.folder / "sets").iterdir()] == ["v"]


def test_final_weights_stay_where_the_study_keeps_them(study, runner):
    of = study(keep_weights=True, seeds=[1])
    runner.through(of)
    assert len(list(of.root.rglob("ckpt"))) == 2


def test_what_is_done_is_not_run_again_and_added_rounds_are(study, runner):
    of = study(seeds=[1])
    runner.through(of)
    added.add(of.folder, of.settings.seeds, [2])
    runner.through(read("s", of.root))
    assert names(of) == ["vanilla-s1", "project-s1", "vanilla-s2", "project-s2"]


@pytest.mark.parametrize(("fails", "given_up"), [(1, set()), (2, {"project-s1"})])
def test_a_run_that_fails_is_tried_once_more_and_the_others_go_on(fails, given_up, study, runner):
    of = study(arms={"project": {"overrides": [f"fails={fails}"]}, "vanilla": None}, seeds=[1])
    assert runner.through(of) == given_up
    assert names(of).count("project-s1") == 2 and "vanilla-s1" in names(of)


def test_a_set_that_fails_is_not_there_and_what_reads_it_waits(study, runner):
    of = study(arms={"project": {"v_hack": "v"}, "vanilla": None}, sets=FAILING, seeds=[1])
    assert runner.through(of) == {"set v"}
    assert names(of) == ["set v", "set v", "vanilla-s1"]
    assert states(of)["project-s1"] == "waiting"
    assert not (of.folder / "sets" / "v").exists()
    assert (of.folder / "logs" / "set-v.log").is_file()


def test_as_many_run_at_once_on_a_card_as_its_memory_holds(study, runner):
    large = {"memory_gb": 50, "overrides": [FOREVER]}
    of = study(arms={"vanilla": {"overrides": [FOREVER]}, "project": large}, memory_gb=30)
    runner.start(of, Card("0", 80.0, sys.maxsize))
    running = {"vanilla-s1", "project-s1"}
    wait_for(lambda: {name for name, state in states(of).items() if state == "running"} == running)
    runner.stop(of)


def test_no_run_is_started_that_would_not_end_in_time(study, runner):
    of = study(seeds=[1])
    assert runner.through(of, until=0.0) == set()
    assert set(states(of).values()) == {"ready"}


@pytest.mark.parametrize(
    ("runner", "number"),
    [
        ("local", signal.SIGTERM),
        pytest.param("queued", signal.SIGTERM, marks=NEEDS_PUEUE),
        pytest.param("queued", signal.SIGKILL, marks=NEEDS_PUEUE),
    ],
    indirect=["runner"],
)
def test_an_end_from_outside_ends_all_processes_and_the_same_command_goes_on(runner, number, study):
    of = study(arms=SLEEPS, seeds=[1])
    runner.start(of)
    ours = processes(of)
    runner.end(number)
    wait_for(lambda: not any_lives(ours))
    runner.go_on()
    assert states(of) == {"vanilla-s1": "done", "project-s1": "interrupted"}

    again = study(seeds=[1])
    runner.through(again)
    assert names(again) == ["vanilla-s1", "project-s1"]


def test_stop_ends_all_processes_of_a_study_that_runs(study, runner):
    of = study(arms=SLEEPS, seeds=[1])
    runner.start(of)
    ours = processes(of)
    assert runner.stop(of)
    assert not any_lives(ours)
    assert not runner.stop(of)


def test_arms_start_from_the_first_points_that_are_reached_and_no_state_is_left(study, runner):
    of = study(**branching({1: [0.0, 0.0], 2: [0.0, 0.05, 0.01], 3: [0.03, 0.5]}))
    runner.through(of)
    assert names(of) == [
        "source vanilla-s1001",
        "source vanilla-s1002",
        "2/vanilla-s2",
        "2/project-s2",
        "source vanilla-s1003",
        "3/vanilla-s3",
        "3/project-s3",
    ]
    assert not list(of.root.rglob("global_step_*"))
