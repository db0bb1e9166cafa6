import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from projected_grpo.cli import Refusal
from projected_grpo.runs.folder import lives
from projected_grpo.sweeps import added, alone, command, locks, progress, pueue, task
from projected_grpo.sweeps import study as studies
from projected_grpo.sweeps.local_test import FOREVER, SLEEPS, names, wait_for
from projected_grpo.sweeps.machine import Card
from projected_grpo.sweeps.plan_test import BASE, BRANCH
from projected_grpo.sweeps.study import Study, read

pytestmark = [
    pytest.mark.usefixtures("programs"),
    pytest.mark.skipif(
        not (shutil.which("pueue") and shutil.which("pueued")),
        reason="pueue is not installed: just install-pueue",
    ),
]
CPU = Card("", float("inf"), 1)
NEVER = float("inf")
# What `python -m` runs in place of a task: the same, with the small programs.
SMALL_TASK = """
import sys
from pathlib import Path
from projected_grpo.sweeps import local, plan, pueue, study, task
plan.TRAIN, plan.COMMANDS["extract"] = "small_trainer", "small_maker"
pueue.TASK, local.APART, study.CONFIGS = "small_task", 0.05, Path({configs!r})
task.main(sys.argv[1:])
"""


@dataclass
class Daemon:
    """A daemon of its own folder. process: its number."""

    folder: Path
    process: int = 0

    def start(self) -> None:
        with open(self.folder / "log", "a") as log:
            started = subprocess.Popen(["pueued"], stdout=log, stderr=log, start_new_session=True)
        self.process = started.pid
        wait_for(pueue.answers)

    def end(self, number: signal.Signals) -> None:
        os.kill(self.process, number)
        os.waitpid(self.process, 0)


@pytest.fixture
def daemon(programs, monkeypatch) -> Iterator[Daemon]:
    # a socket's path has 108 characters at most, fewer than the folders of tests may take
    with tempfile.TemporaryDirectory() as name:
        folders = {"pueue_directory": name, "runtime_directory": name}
        shared = {**folders, "use_unix_socket": True, "alias_file": f"{name}/none"}
        config = {"shared": shared, "client": {}, "daemon": {}}
        file = Path(name, "pueue.yml")
        file.write_text(yaml.safe_dump(config))
        monkeypatch.setenv("PUEUE_CONFIG_PATH", str(file))
        one = Daemon(Path(name))
        one.start()
        yield one
        subprocess.run(["pueue", "kill", "--all"], capture_output=True)
        one.end(signal.SIGTERM)


@pytest.fixture
def study(daemon, programs, tmp_path, monkeypatch):
    """Makes a study of a file, which tasks read as well."""
    configs = tmp_path / "configs"
    (configs / "sweep").mkdir(parents=True)
    (configs / "arm").symlink_to(studies.CONFIGS / "arm")
    small = textwrap.dedent(SMALL_TASK).format(configs=str(configs))
    (programs / "small_task.py").write_text(small)
    monkeypatch.setattr(studies, "CONFIGS", configs)
    monkeypatch.setattr(pueue, "TASK", "small_task")

    def made(**changed: object) -> Study:
        arms = {"vanilla": None, "project": None}
        data = {**BASE, "arms": arms, "seeds": [1, 2], **changed}
        kept = {key: value for key, value in data.items() if value is not None}
        (configs / "sweep" / "s.yaml").write_text(yaml.safe_dump(kept, sort_keys=False))
        return read("s", tmp_path / "outputs")

    return made


def through(of: Study, *cards: Card) -> None:
    pueue.run(of, cards or (CPU,), NEVER)
    wait_for(lambda: not pueue.live(of))


def states(of: Study) -> dict[str, str]:
    return {job.name: progress.state(job) for job in progress.jobs(of)}


def processes(run: Path) -> list[int]:
    """Of a run that sleeps, once it does: the trainer and what it started."""
    wait_for(lambda: (run / "child").exists() and (run / "child").read_text())
    trainer = json.loads((run / "manifest.json").read_text())["pid"]
    return [trainer, int((run / "child").read_text())]


def test_all_jobs_run_in_rounds_in_a_group_of_their_card_with_why_and_resolve(study):
    of = study(
        arms={"vanilla": None, "held": {"config": "hold", "v_hack": "v"}},
        sets={"v": {"command": "extract"}},
    )
    through(of)
    assert names(of) == ["set v", "vanilla-s1", "held-s1", "vanilla-s2", "held-s2"]
    assert set(states(of).values()) == {"done"} and not list(of.root.rglob("ckpt"))
    queued = json.loads(pueue.client("status", "--json"))["tasks"].values()
    assert {entry["group"] for entry in queued} == {"cpu"}
    by_job = {shlex.split(entry["original_command"])[6]: entry for entry in queued}
    assert by_job["set v"]["label"] == of.about == "why: to see; resolve: it is seen"
    held = by_job["held-s2"]
    assert held["label"] == f"{of.about}; H: {studies.hypothesis(of, 'held')}"
    assert held["dependencies"] == [0] and by_job["vanilla-s2"]["dependencies"] == []


def test_finished_runs_are_not_queued_again_and_added_rounds_are(study):
    of = study(seeds=[1])
    through(of)
    added.add(of.folder, of.settings.seeds, [2])
    through(read("s", of.root))
    assert names(of) == ["vanilla-s1", "project-s1", "vanilla-s2", "project-s2"]


def test_arms_are_queued_one_after_another_and_keep_each_other_in_the_queue(study):
    of = study(arms=SLEEPS, seeds=[1])
    pueue.run(replace(of, only=("project",)), [CPU], NEVER)
    processes(of.root / "s" / "project-s1")
    pueue.run(replace(study(arms=SLEEPS), only=("project",)), [CPU], NEVER)
    pueue.run(replace(of, only=("vanilla",)), [CPU], NEVER)
    assert list(pueue.live(of)) == ["project-s1", "project-s2", "vanilla-s1"]
    pueue.stop(of)


def test_a_job_is_tried_twice_then_failed_and_only_what_needs_it_does_not_run(study):
    sets = {"v": {"command": "extract", "options": ["status=1"]}}
    arms = {
        "project": {"v_hack": "v"},
        "flaky": {"config": "vanilla", "overrides": ["fails=1"]},
        "vanilla": None,
    }
    of = study(arms=arms, sets=sets, seeds=[1])
    through(of)
    assert Counter(names(of)) == {"set v": 2, "flaky-s1": 2, "vanilla-s1": 1}
    assert pueue.given_up(of) == {"set v"}
    assert states(of)["project-s1"] == "waiting"
    (log,) = of.folder.glob("logs/set-v.log")
    assert not (of.folder / "sets" / "v").exists() and log.is_file()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_daemon_that_ends_takes_its_runs_with_it_and_the_same_call_goes_on(number, study, daemon):
    of = study(arms=SLEEPS, seeds=[1])
    pueue.run(of, [CPU], NEVER)
    ours = processes(of.root / "s" / "project-s1")
    daemon.end(number)
    assert not pueue.answers()
    wait_for(lambda: not any(map(lives, ours)))
    daemon.start()
    assert states(of) == {"vanilla-s1": "done", "project-s1": "interrupted"}

    again = study()
    through(again)
    assert names(again) == ["vanilla-s1", "project-s1", "vanilla-s2", "project-s2"]


def test_stop_ends_all_tasks_and_their_processes(study):
    of = study(arms=SLEEPS)
    pueue.run(of, [CPU], NEVER)
    ours = processes(of.root / "s" / "project-s1")
    with pytest.raises(Refusal, match="jobs of s are in pueue: just sweep s stop"):
        command.runner_of(of, "local")
    assert pueue.stop(of)
    assert not any(map(lives, ours)) and not pueue.tasks(of)
    assert not pueue.stop(of) and not alone.stop(of)
    assert command.runner_of(of, "auto") == "pueue"


def test_a_task_that_pueue_kills_outright_leaves_no_process(study):
    of = study(arms=SLEEPS, seeds=[1])
    pueue.run(of, [CPU], NEVER)
    ours = processes(of.root / "s" / "project-s1")
    pueue.client("kill", "--group", "cpu")
    wait_for(lambda: not any(map(lives, ours)))
    assert states(of)["project-s1"] == "interrupted" and not pueue.given_up(of)


def test_a_call_beside_tasks_at_work_leaves_them_and_queues_the_rest(study):
    of = study(arms=SLEEPS, seeds=[1])
    pueue.run(of, [CPU], NEVER)
    ours = processes(of.root / "s" / "project-s1")
    pueue.run(study(arms=SLEEPS), [CPU], NEVER)
    assert all(map(lives, ours))
    queued = {job: task.status for job, task in pueue.live(of).items()}
    assert queued == {"project-s1": "Running", "vanilla-s2": "Queued", "project-s2": "Queued"}
    pueue.stop(of)


def test_as_many_run_at_once_on_each_card_as_its_memory_holds(study):
    large = {"memory_gb": 50, "overrides": [FOREVER]}
    of = study(arms={"vanilla": {"overrides": [FOREVER]}, "project": large}, memory_gb=30)
    pueue.run(of, [Card("0", 80.0, sys.maxsize)], NEVER)
    running = {"vanilla-s1", "project-s1"}
    wait_for(lambda: {name for name, state in states(of).items() if state == "running"} == running)
    pueue.stop(of)


def test_a_run_that_does_not_fit_beside_another_waits_for_it(study):
    small, large = {"overrides": ["sleep=1"]}, {"memory_gb": 60, "overrides": ["sleep=1"]}
    of = study(arms={"vanilla": small, "project": large}, memory_gb=30, seeds=[1])
    through(of, Card("0", 80.0, sys.maxsize))
    assert {one.job for one in pueue.tasks(of)} == {"vanilla-s1", "project-s1"}
    slept = []
    for job in progress.jobs(of):
        began, ended = (job.folder / name for name in ("child", "metrics.jsonl"))
        slept.append((began.stat().st_mtime, ended.stat().st_mtime))
    (_, first_end), (second_begin, _) = sorted(slept)
    assert first_end < second_begin


def test_a_task_waits_for_an_earlier_one_of_the_same_job(study):
    of = study(seeds=[1])
    of.folder.mkdir(parents=True)
    first, second = progress.jobs(of)
    with open(task.lock_of(of), "a") as earlier:
        assert locks.take(earlier, task.byte_of(first), 1)
        pueue.run(of, [Card("", float("inf"), 2)], NEVER)
        wait_for(lambda: states(of)[second.name] == "done")
        assert states(of)[first.name] == "ready" and first.name in pueue.live(of)
    wait_for(lambda: states(of)[first.name] == "done")


def test_no_run_is_started_that_would_not_end_in_time(study):
    of = study(seeds=[1])
    pueue.run(of, [CPU], 0.0)
    wait_for(lambda: not pueue.live(of))
    assert set(states(of).values()) == {"ready"} and not pueue.given_up(of)


def test_a_sources_end_queues_the_runs_of_its_branch_point(study):
    rates = {"1001": [0.0], "1002": [0.0, 0.05], "1003": [0.03]}
    branch = {**BRANCH, "replicates": 1, "overrides": [f"rates={json.dumps(rates)}"]}
    of = study(seeds=None, branch=branch)
    through(of)
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
