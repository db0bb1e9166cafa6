"""Runs a study's jobs as processes of this machine, several a card, in the plan's order.

What has happened is read from the study's folders alone, so that the same command goes on after
any end. A job that fails is tried once more. A set takes a card for itself, for its gradients fill
what they find. In a study that is warm a run's process takes the next run when it has ended one.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn

from loguru import logger

from projected_grpo.cli import Refusal
from projected_grpo.sweeps import progress
from projected_grpo.sweeps.alone import GRACE, alone
from projected_grpo.sweeps.machine import Card
from projected_grpo.sweeps.plan import Job
from projected_grpo.sweeps.study import Study

# Seconds between two starts: ports and memory are looked at when a run starts.
APART = 6.0
TRIES = 2
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass
class Process:
    """A job at work. stays: its process takes further runs, as lines of its input."""

    job: Job
    card: Card
    popen: subprocess.Popen
    stays: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def status(self) -> int | None:
        """The job's, None while it is at work."""
        ended = self.popen.poll()
        return 0 if ended is None and self.stays and progress.is_done(self.job) else ended

    def hand_over(self) -> None:
        # BrokenPipeError: it has died, as its status says
        with suppress(BrokenPipeError):
            self.popen.stdin.write(f"{json.dumps(self.job.overrides)}\n".encode())
            self.popen.stdin.flush()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


@dataclass
class Queue:
    """until: by time.time(), when all that was started is to have ended."""

    study: Study
    cards: Sequence[Card]
    until: float = float("inf")
    apart: float = APART
    at_work: dict[str, Process] = field(default_factory=dict)
    failures: Counter = field(default_factory=Counter)
    last_start: float = float("-inf")

    @property
    def given_up(self) -> set[str]:
        return {name for name, n in self.failures.items() if n >= TRIES}

    def run(self) -> None:
        """All that can run. Its processes end with it, an interrupt included."""
        progress.tidy(self.study, (), ())
        try:
            while self.turn():
                time.sleep(min(1.0, self.apart))
        finally:
            self.end_all()

    def turn(self) -> bool:
        """Notes what has ended and starts the next. Whether there is anything to wait for."""
        for process in list(self.at_work.values()):
            if process.status is not None:
                self.collect(process)
                progress.tidy(self.study, self.at_work, self.given_up)
                if process.popen.poll() is None:
                    self.go_on(process)
        if time.monotonic() - self.last_start < self.apart:
            return True
        started = self.start_next()
        return started or bool(self.at_work)

    def start_next(self) -> bool:
        open_to_all = list(self.cards)
        for job in self.ready():
            by_load = sorted(open_to_all, key=lambda card: len(self.on(card)))
            if card := next((card for card in by_load if self.fits(job, card)), None):
                self.start(job, card)
                return True
            # kept for this job: else what comes later would hold it up for ever
            open_to_all.remove(by_load[0])
            if not open_to_all:
                break
        return False

    def go_on(self, last: Process) -> None:
        """Its process takes the next job, where that is a run which fits in its place, or ends."""
        job = next(self.ready(), None)
        if job is None or job.kind == "set" or job.gb > last.job.gb:
            last.popen.stdin.close()
            end(last)
            return
        logger.info(f"start {job.name} in the process of {last.job.name}, with its log")
        process = Process(job, last.card, last.popen, stays=True)
        process.hand_over()
        self.at_work[job.name] = process

    def on(self, card: Card) -> list[Job]:
        return [process.job for process in self.at_work.values() if process.card == card]

    def fits(self, job: Job, card: Card) -> bool:
        others = self.on(card)
        if any(one.kind == "set" for one in (job, *others)):
            return not others
        gb = job.gb + sum(other.gb for other in others)
        return len(others) < card.at_most and gb <= card.gb

    def ready(self) -> Iterator[Job]:
        """Jobs that may start now, in order."""
        source = progress.next_source(self.study, self.at_work, self.given_up)
        for job in progress.jobs(self.study):
            if job.name in self.at_work or job.name in self.given_up or progress.is_done(job):
                continue
            if job.kind == "source" and job != source:
                continue
            if all(need.exists() for need in job.needs) and self.in_time(job):
                yield job

    def in_time(self, job: Job) -> bool:
        return time.time() + progress.seconds_of(self.study, job.kind) < self.until

    def start(self, job: Job, card: Card) -> None:
        if job.made_in and job.made_in.exists():
            shutil.rmtree(job.made_in)
        file = progress.log_of(self.study, job)
        stays = self.study.settings.warm and job.kind != "set"
        command = [*job.command[:2], "-"] if stays else job.command
        with open(file, "a") as log:
            popen = subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.PIPE if stays else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | card.environment,
            )
        process = Process(job, card, popen, stays)
        if stays:
            process.hand_over()
        self.at_work[job.name] = process
        self.last_start = time.monotonic()
        logger.info(f"start {job.name} on {card.visible or 'the CPU'}: {file}")

    def collect(self, process: Process) -> None:
        job, status = process.job, process.status
        del self.at_work[job.name]
        if status == 0 and job.made_in:
            job.made_in.rename(job.folder)
        if status == 0 and not progress.is_done(job):
            raise Refusal(f"{job.name} ended with status 0 and left no {job.folder}")
        progress.note(self.study, job, status, process.seconds)
        logger.info(f"ended {job.name}: status {status}, {process.seconds:.0f} s")
        if status:
            self.failures[job.name] += 1

    def end_all(self) -> None:
        """Every process and what it started gets a signal, and where it stays, one that ends it."""
        for process in self.at_work.values():
            signal_group(process.popen, signal.SIGTERM)
        for process in self.at_work.values():
            end(process)
            logger.info(f"interrupted {process.job.name} after {process.seconds:.0f} s")
        self.at_work.clear()


def end(process: Process) -> None:
    """Waits until a process that was told to end does so, and ends what is left of it."""
    try:
        process.popen.wait(GRACE)
    except subprocess.TimeoutExpired:
        logger.warning(f"{process.job.name} does not end: killed")
    signal_group(process.popen, signal.SIGKILL)
    process.popen.wait()


def signal_group(process: subprocess.Popen, number: signal.Signals) -> None:
    """To the process and those of its session, none of which may be left."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    for ending in ENDING:
        # its processes are being ended: once is enough
        signal.signal(ending, signal.SIG_IGN)
    raise Refusal(f"ended by {signal.Signals(number).name}: the same command goes on from here")


def run(study: Study, cards: Sequence[Card], until: float) -> set[str]:
    """All jobs of the study that can run here until then. Returns the names of those given up."""
    for ending in ENDING:
        signal.signal(ending, interrupt)
    queue = Queue(study, cards, until)
    with alone(study):
        queue.run()
    return queue.given_up
