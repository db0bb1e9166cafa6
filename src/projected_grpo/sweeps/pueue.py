"""A study in the queue of pueue, whose daemon starts the jobs: nothing else has to stay.

A task a job, a group a card; what needs a set comes --after it. A task's end looks at what its
branch point, if any, has made possible. Its client answers in JSON (pueue 4.0, `pueue --help`).
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import isinf

from loguru import logger

from projected_grpo.cli import Refusal
from projected_grpo.sweeps import locks, progress
from projected_grpo.sweeps.alone import left_behind, lock_of, wait_until
from projected_grpo.sweeps.machine import Card
from projected_grpo.sweeps.plan import Job
from projected_grpo.sweeps.study import Study, hypothesis

TASK = "projected_grpo.sweeps.task"
WAITING = ("Queued", "Stashed")
LIVE = (*WAITING, "Running", "Paused")


@dataclass(frozen=True)
class Task:
    """What the queue holds of a job. result: of one that has ended, as the queue says it."""

    number: int
    job: str
    group: str
    status: str
    result: str | dict | None

    @property
    def failed(self) -> bool:
        return isinstance(self.result, dict) and "Failed" in self.result


def client(*words: str) -> str:
    """What the client prints. Raises Refusal with what it says where it fails."""
    done = subprocess.run(["pueue", *words], capture_output=True, text=True)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[:200]
        raise Refusal(f"pueue {words[0]} fails: {said}")
    return done.stdout


def answers() -> bool:
    """Whether pueue is installed and its daemon at work."""
    if not shutil.which("pueue"):
        return False
    return subprocess.run(["pueue", "status"], capture_output=True).returncode == 0


def tasks(study: Study) -> list[Task]:
    """Those of the study, in any state, by number."""
    found = []
    for number, entry in json.loads(client("status", "--json"))["tasks"].items():
        words = shlex.split(entry["original_command"])
        # exec python -m TASK <study> <root> <job> ...
        if words[3:6] != [TASK, study.name, str(study.root)] or entry["path"] != os.getcwd():
            continue
        ((status, facts),) = entry["status"].items()
        found.append(Task(int(number), words[6], entry["group"], status, facts.get("result")))
    return sorted(found, key=lambda task: task.number)


def live(study: Study) -> dict[str, Task]:
    """Job -> its task, of those that wait or are at work."""
    return {task.job: task for task in tasks(study) if task.status in LIVE}


def at_work(study: Study) -> bool:
    return answers() and bool(live(study))


def given_up(study: Study) -> set[str]:
    return {task.job for task in tasks(study) if task.failed}


@contextmanager
def changing(study: Study) -> Iterator[None]:
    """One process at a time changes the study's part of the queue."""
    (study.folder / "logs").mkdir(parents=True, exist_ok=True)
    with open(study.folder / "queue.lock", "a") as lock:
        while not locks.take(lock):
            time.sleep(0.1)
        yield


def run(study: Study, cards: Sequence[Card], until: float) -> set[str]:
    """Puts all jobs that are not done into the queue, in order, and returns at once.

    Those that wait there or ended there are put in anew; what is at work stays, and so do arms that
    are not chosen. None is given up yet.
    """
    _refuse_others(study)
    with changing(study):
        anew = {job.name for job in progress.jobs(study)}
        _remove(study, (*WAITING, "Done"), anew)
        _groups(study, cards)
        progress.tidy(study, set(live(study)), set())
        fill(study, cards, until)
        for card in cards:
            client("start", "--group", group_of(card))
        logger.info(f"{len(live(study))} jobs in pueue: just sweep {study.name} status")
    return set()


def fill(study: Study, cards: Sequence[Card], until: float) -> None:
    """Adds every job that may run and that the queue does not know yet."""
    known = {task.job: task for task in tasks(study)}
    ids = {job: task.number for job, task in live(study).items()}
    load = dict.fromkeys(map(group_of, cards), 0)
    for task in live(study).values():
        load[task.group] = load.get(task.group, 0) + 1
    there = progress.jobs(study)
    made = {job.folder: job.name for job in there}
    for job in _wanted(study, there, known):
        card = min(cards, key=lambda card: load[group_of(card)])
        load[group_of(card)] += 1
        before = [ids[made[need]] for need in job.needs if made.get(need) in ids]
        ids[job.name] = _add(study, job, card, before, cards, until)


def _wanted(study: Study, there: list[Job], known: dict[str, Task]) -> Iterator[Job]:
    failed = {name for name, task in known.items() if task.failed}
    done = {job.name for job in there if progress.is_done(job)}
    # what ended without being done, for lack of time, counts too: no other takes its place
    under_way = set(known) - failed - done
    sources = []
    while source := progress.next_source(study, under_way, failed):
        sources.append(source.name)
        under_way.add(source.name)
    for job in there:
        if job.name in done or job.name in known or progress.state(job) == "lost":
            continue
        if job.kind != "source" or job.name in sources:
            yield job


def _add(
    study: Study, job: Job, card: Card, before: list[int], cards: Sequence[Card], until: float
) -> int:
    """The number of a new task for the job."""
    own = [study.name, str(study.root), job.name]
    there = {"cards": list(map(asdict, cards)), "until": until, "arms": study.only}
    settings = json.dumps({"card": asdict(card), **there})
    # exec: the daemon is the parent of the task's own process, which sees when that dies
    command = "exec " + shlex.join([sys.executable, "-m", TASK, *own, settings, *study.overrides])
    options = ["--group", group_of(card), "--label", label(study, job), "--print-task-id"]
    if before:
        options += ["--after", *map(str, before)]
    return int(client("add", *options, "--", command))


def label(study: Study, job: Job) -> str:
    """why and resolve, and the hypothesis of the arm."""
    return f"{study.about}; H: {hypothesis(study, job.arm)}" if job.arm else study.about


def group_of(card: Card) -> str:
    return f"gpu-{card.visible}" if card.visible else "cpu"


def _groups(study: Study, cards: Sequence[Card]) -> None:
    """A group a card, with as many places as the smallest runs that fit there at once."""
    there = json.loads(client("group", "--json"))
    smallest = min(job.gb for job in progress.jobs(study) if job.kind != "set")
    for card in cards:
        if group_of(card) not in there:
            client("group", "add", group_of(card))
        places = card.at_most if isinf(card.gb) else int(card.gb // smallest)
        client("parallel", str(places), "--group", group_of(card))


def refuse_queued(study: Study) -> None:
    """Refusal where the queue has jobs of the study that wait or are at work."""
    if at_work(study):
        raise Refusal(f"jobs of {study.name} are in pueue: just sweep {study.name} stop")


def _refuse_others(study: Study) -> None:
    """Refusal where a runner of processes is at the study, or left runs behind."""
    if locks.holder(lock_of(study)):
        raise Refusal(f"another process runs {study.name}: just sweep {study.name} stop")
    queued = live(study)
    for job, pid in left_behind(study).items():
        if job not in queued:
            raise Refusal(f"{job} is being written by process {pid}: just sweep {study.name} stop")


def _remove(study: Study, statuses: Sequence[str], jobs: Collection[str] | None = None) -> None:
    """The tasks of these jobs, or of all; one that another task waits for goes after it, or stays.

    That is the daemon's rule.
    """
    before = None
    while True:
        there = [task for task in tasks(study) if task.status in statuses]
        numbers = [str(task.number) for task in there if jobs is None or task.job in jobs]
        if not numbers or numbers == before:
            return
        client("remove", *numbers)
        before = numbers


def stop(study: Study) -> bool:
    """Ends the study's tasks, those at work first by a signal. Were there any?"""
    if not at_work(study):
        return False
    with changing(study):
        _remove(study, WAITING)
        running = [str(task.number) for task in live(study).values()]
        if running:
            client("kill", "--signal", "sigterm", *running)
            wait_until(lambda: not live(study), f"pueue's task {', '.join(running)}")
        _remove(study, ("Done",))
    return True
