"""One process runs a study on a machine; how it and its runs are ended from outside."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from projected_grpo.cli import Refusal
from projected_grpo.runs.folder import lives
from projected_grpo.sweeps import locks, progress
from projected_grpo.sweeps.study import Study

# Seconds that a process has to end by itself.
GRACE = 30.0


@contextmanager
def alone(study: Study) -> Iterator[None]:
    """Raises Refusal where another process runs the study, or its runs were left behind by one."""
    (study.folder / "logs").mkdir(parents=True, exist_ok=True)
    with open(lock_of(study), "a") as lock:
        if not locks.take(lock):
            raise Refusal(f"another process runs {study.name}: just sweep {study.name} stop")
        for job, pid in left_behind(study).items():
            raise Refusal(f"{job} is being written by process {pid}: just sweep {study.name} stop")
        yield


def lock_of(study: Study) -> Path:
    """Held by the process that runs the study."""
    return study.folder / "lock"


def at_work(study: Study) -> bool:
    return locks.holder(lock_of(study)) is not None or bool(left_behind(study))


def left_behind(study: Study) -> dict[str, int]:
    """Runs that are being written -> their processes."""
    found = {}
    for job in progress.jobs(study):
        if progress.state(job) == "running":
            found[job.name] = progress.run_of(job).manifest["pid"]
    return found


def stop(study: Study) -> bool:
    """Ends the process that runs the study, and the runs that one left behind. Were there any?"""
    runner = locks.holder(lock_of(study))
    if runner:
        os.kill(runner, signal.SIGTERM)
        wait_until(lambda: locks.holder(lock_of(study)) is None, f"process {runner}")
    runs = left_behind(study)
    for name, pid in runs.items():
        # its session is its own: the process that started it is no longer there
        os.killpg(os.getpgid(pid), signal.SIGTERM)
        wait_until(lambda pid=pid: not lives(pid), f"process {pid} of {name}")
    return bool(runner or runs)


def wait_until(ended: Callable[[], bool], what: str) -> None:
    """Raises Refusal after twice the time that a process has to end by itself."""
    last = time.monotonic() + 2 * GRACE
    while not ended():
        if time.monotonic() > last:
            raise Refusal(f"{what} does not end: look at it, then kill -9 it")
        time.sleep(0.1)
