"""How a study stands in pueue's queue. runners_test has what the queue's jobs do."""

import json
import shlex
import sys
from dataclasses import replace

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.sweeps import command, locks, progress, pueue, task
from projected_grpo.sweeps.machine import Card
from projected_grpo.sweeps.study import hypothesis
from projected_grpo.testing.study_runners import (
    NEEDS_PUEUE,
    NEVER,
    SLEEPS,
    any_lives,
    processes,
    states,
    wait_for,
)

pytestmark = NEEDS_PUEUE


def test_a_task_has_its_cards_group_why_and_resolve_and_comes_after_its_set(study, queued):
    arms = {"vanilla": None, "held": {"config": "hold", "v_hack": "v"}}
    of = study(arms=arms, sets={"v": {"command": "extract"}})
    queued.start(of)
    entries = json.loads(pueue.client("status", "--json"))["tasks"].values()
    assert {entry["group"] for entry in entries} == {"cpu"}
    by_job = {shlex.split(entry["original_command"])[6]: entry for entry in entries}
    assert by_job["set v"]["label"] == of.about == "why: to see; resolve: it is seen"
    held = by_job["held-s2"]
    assert held["label"] == f"{of.about}; H: {hypothesis(of, 'held')}"
    assert held["dependencies"] == [0] and by_job["vanilla-s2"]["dependencies"] == []


def test_arms_are_queued_one_after_another_and_keep_each_other_in_the_queue(study, queued):
    of = study(arms=SLEEPS, seeds=[1])
    queued.start(replace(of, only=("project",)))
    processes(of)
    queued.start(replace(study(arms=SLEEPS), only=("project",)))
    queued.start(replace(of, only=("vanilla",)))
    assert list(pueue.live(of)) == ["project-s1", "project-s2", "vanilla-s1"]
    pueue.stop(of)


def test_a_study_in_the_queue_is_no_other_runners_until_it_is_stopped(study, queued):
    of = study(arms=SLEEPS)
    queued.start(of)
    processes(of)
    with pytest.raises(Refusal, match="jobs of s are in pueue: just sweep s stop"):
        command.runner_of(of, "local")
    pueue.stop(of)
    assert not pueue.tasks(of)
    assert command.runner_of(of, "local") == "local"
    assert command.runner_of(of, None) == "pueue"


def test_a_task_that_pueue_kills_outright_leaves_no_process(study, queued):
    of = study(arms=SLEEPS, seeds=[1])
    queued.start(of)
    ours = processes(of)
    pueue.client("kill", "--group", "cpu")
    wait_for(lambda: not any_lives(ours))
    assert states(of)["project-s1"] == "interrupted" and not pueue.given_up(of)


def test_a_call_beside_tasks_at_work_leaves_them_and_queues_the_rest(study, queued):
    of = study(arms=SLEEPS, seeds=[1])
    queued.start(of)
    processes(of)
    queued.start(study(arms=SLEEPS))
    live = {job: task.status for job, task in pueue.live(of).items()}
    assert live == {"project-s1": "Running", "vanilla-s2": "Queued", "project-s2": "Queued"}
    pueue.stop(of)


def test_a_run_that_does_not_fit_beside_another_waits_for_it(study, queued):
    small, large = {"overrides": ["sleep=1"]}, {"memory_gb": 60, "overrides": ["sleep=1"]}
    of = study(arms={"vanilla": small, "project": large}, memory_gb=30, seeds=[1])
    queued.through(of, Card("0", 80.0, sys.maxsize))
    assert {one.job for one in pueue.tasks(of)} == {"vanilla-s1", "project-s1"}
    slept = []
    for job in progress.jobs(of):
        began, ended = (job.folder / name for name in ("child", "metrics.jsonl"))
        slept.append((began.stat().st_mtime, ended.stat().st_mtime))
    (_, first_end), (second_begin, _) = sorted(slept)
    assert first_end < second_begin


def test_a_task_waits_for_an_earlier_one_of_the_same_job(study, queued):
    of = study(seeds=[1])
    of.folder.mkdir(parents=True)
    first, second = progress.jobs(of)
    with open(task.lock_of(of), "a") as earlier:
        assert locks.take(earlier, task.byte_of(first), 1)
        pueue.run(of, [Card("", float("inf"), 2)], NEVER)
        wait_for(lambda: states(of)[second.name] == "done")
        assert states(of)[first.name] == "ready" and first.name in pueue.live(of)
    wait_for(lambda: states(of)[first.name] == "done")
