"""One job of a study, as a task of a queue: `python -m projected_grpo.sweeps.task STUDY ROOT JOB`

It waits for room on its card, tries the job twice, and puts into the queue what has become
possible. It is two processes: the daemon starts one, and kills it outright when it is itself ended;
the other, in a session of its own, sees that and ends the job's processes, so that none is left.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, isinf
from pathlib import Path
from zlib import crc32

from loguru import logger

from projected_grpo.cli import Refusal
from projected_grpo.sweeps import local, locks, progress, pueue
from projected_grpo.sweeps.machine import Card
from projected_grpo.sweeps.plan import Job
from projected_grpo.sweeps.study import Study, read

# Of all studies of an outputs folder: who has how much of a card, and when a job last started.
CARDS = ".cards"
# Seconds between two looks at what others do.
PAUSE = 0.2


@dataclass
class Task:
    """A job on its card. until: as Queue has it. watcher: the process that the daemon started."""

    study: Study
    job: Job
    card: Card
    until: float
    watcher: int

    def run(self) -> bool:
        """Whether the job failed twice. Its processes end with it, a signal included."""
        queue = local.Queue(self.study, [self.card], self.until)
        with self.alone(), self.room():
            try:
                while self.may_start(queue):
                    self.start_apart(queue)
                    self.wait(queue.at_work[self.job.name])
                    queue.collect(queue.at_work[self.job.name])
            finally:
                queue.end_all()
        return bool(queue.given_up)

    def wait(self, process: local.Process) -> None:
        while process.popen.poll() is None:
            self.pause()

    def may_start(self, queue: local.Queue) -> bool:
        job = self.job
        if progress.is_done(job) or job.name in queue.given_up:
            return False
        if absent := [need for need in job.needs if not need.exists()]:
            logger.info(f"{job.name} does not start: {absent[0]} is not there")
            return False
        if not queue.in_time(job):
            logger.info(f"{job.name} does not start: it would not end in time")
            return False
        return True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """An earlier task of the same job may still be ending, where the daemon was killed."""
        with open(lock_of(self.study), "a") as lock:
            while not locks.take(lock, byte_of(self.job), 1):
                self.pause()
            yield

    @contextmanager
    def room(self) -> Iterator[None]:
        """A card's file has a byte a GB, or a byte a place, and a job locks as many as it takes."""
        card, job = self.card, self.job
        whole, own = (card.at_most, 1) if isinf(card.gb) else (int(card.gb), ceil(job.gb))
        if job.kind == "set":
            own = whole
        with self.file(pueue.group_of(card)) as ledger:
            while not any(locks.take(ledger, at, own) for at in range(whole - own + 1)):
                self.pause()
            yield

    def start_apart(self, queue: local.Queue) -> None:
        """Starts the job, some seconds after another that was started on this machine."""
        with self.file("starts") as starts:
            while not locks.take(starts):
                self.pause()
            while time.time() < os.stat(starts.fileno()).st_mtime + local.APART:
                self.pause()
            queue.start(self.job, self.card)
            os.utime(starts.fileno())

    @contextmanager
    def file(self, name: str) -> Iterator:
        folder = self.study.root / CARDS
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / name, "a") as opened:
            yield opened

    def pause(self) -> None:
        if os.getppid() != self.watcher:
            raise Refusal("pueue ended its task: the same command goes on from here")
        time.sleep(PAUSE)


def lock_of(study: Study) -> Path:
    return study.folder / "tasks.lock"


def byte_of(job: Job) -> int:
    """That a job's task holds of the study's lock."""
    return crc32(job.name.encode())


def main(argv: list[str]) -> None:
    watcher, daemon = os.getpid(), os.getppid()
    if worker := os.fork():
        sys.exit(watch(worker, daemon))
    os.setsid()
    work(argv, watcher)


def watch(worker: int, daemon: int) -> int:
    """The worker's status, once it has ended; without waiting where the daemon has ended."""
    signal.signal(signal.SIGTERM, lambda number, frame: os.kill(worker, number))
    while os.getppid() == daemon:
        ended, status = os.waitpid(worker, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(PAUSE)
    return 1


def work(argv: list[str], watcher: int) -> None:
    name, root, wanted, settings, *overrides = argv
    given = json.loads(settings)
    study = read(name, Path(root), tuple(overrides), tuple(given["arms"]))
    (job,) = [job for job in progress.jobs(study) if job.name == wanted]
    for ending in local.ENDING:
        signal.signal(ending, local.interrupt)
    until, cards = given["until"], [Card(**card) for card in given["cards"]]
    failed = Task(study, job, Card(**given["card"]), until, watcher).run()
    go_on(study, job, failed, cards, until)
    if failed:
        raise Refusal(f"{wanted} failed twice: see {progress.log_of(study, job)}")


def go_on(study: Study, job: Job, failed: bool, cards: list[Card], until: float) -> None:
    """Removes what nothing needs any more, and adds the runs of branch points that are reached."""
    with pueue.changing(study):
        others = {other for other in pueue.live(study) if other != job.name}
        given_up = pueue.given_up(study) | ({job.name} if failed else set())
        progress.tidy(study, others, given_up)
        pueue.fill(study, cards, until)


if __name__ == "__main__":
    main(sys.argv[1:])
