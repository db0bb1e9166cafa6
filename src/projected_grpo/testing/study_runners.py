"""What runs a small study: processes of this machine, or a queue with a daemon of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from projected_grpo.runs.folder import lives
from projected_grpo.sweeps import alone, progress, pueue
from projected_grpo.sweeps.local import Queue
from projected_grpo.sweeps.machine import Card
from projected_grpo.sweeps.plan_test import BRANCH
from projected_grpo.sweeps.study import Study

CPU = Card("", float("inf"), 1)
NEVER = float("inf")
FOREVER = "sleep=600"
SLEEPS = {"vanilla": None, "project": {"overrides": [FOREVER]}}
NEEDS_PUEUE = pytest.mark.skipif(
    not (shutil.which("pueue") and shutil.which("pueued")),
    reason="pueue is not installed: just install-pueue",
)


def wait_for(condition: Callable[[], object]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within 30 s")


def names(of: Study) -> list[str]:
    """Of the jobs that have ended, in order."""
    return [entry["name"] for entry in progress.ended(of)]


def states(of: Study) -> dict[str, str]:
    return {job.name: progress.state(job) for job in progress.jobs(of)}


def processes(of: Study) -> list[int]:
    """Of project-s1, once it sleeps: the trainer and what it started."""
    run = of.root / "s" / "project-s1"
    wait_for(lambda: (run / "child").exists() and (run / "child").read_text())
    trainer = json.loads((run / "manifest.json").read_text())["pid"]
    return [trainer, int((run / "child").read_text())]


def any_lives(pids: list[int]) -> bool:
    return any(map(lives, pids))


def branching(rates: dict[int, list[float]], **changed: object) -> dict:
    """Of a study with a branch. rates: a source's blatant hacks, step by step."""
    words = [f"rates={json.dumps({str(1000 + i): own for i, own in rates.items()})}"]
    branch = {**BRANCH, "replicates": 1, "overrides": words, **changed}
    return {"seeds": None, "branch": branch}


def queue(of: Study, *cards: Card, until: float = NEVER) -> Queue:
    (of.folder / "logs").mkdir(parents=True, exist_ok=True)
    return Queue(of, cards or (CPU,), until, apart=0.05)


@dataclass
class Local:
    """process: a runner of its own, where one was started."""

    process: subprocess.Popen | None = None

    def through(self, of: Study, *cards: Card, until: float = NEVER) -> set[str]:
        """All that can run; the names of those given up."""
        one = queue(of, *cards, until=until)
        one.run()
        return one.given_up

    def start(self, of: Study, card: Card = CPU) -> None:
        command = [sys.executable, "-m", "small_runner", str(of.root), json.dumps(asdict(card))]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def end(self, number: signal.Signals) -> str:
        """Ends the runner; what it said at last."""
        os.kill(self.process.pid, number)
        _, said = self.process.communicate(timeout=60)
        return said.splitlines()[-1]

    def go_on(self) -> None:
        """The next call is all that it takes."""

    stop = staticmethod(alone.stop)


@dataclass
class Queued:
    """folder: of the daemon. process: its number."""

    folder: Path
    process: int = 0

    def through(self, of: Study, *cards: Card, until: float = NEVER) -> set[str]:
        pueue.run(of, cards or (CPU,), until)
        wait_for(lambda: not pueue.live(of))
        return pueue.given_up(of)

    def start(self, of: Study, card: Card = CPU) -> None:
        pueue.run(of, [card], NEVER)

    def end(self, number: signal.Signals) -> None:
        os.kill(self.process, number)
        os.waitpid(self.process, 0)

    def go_on(self) -> None:
        with open(self.folder / "log", "a") as log:
            started = subprocess.Popen(["pueued"], stdout=log, stderr=log, start_new_session=True)
        self.process = started.pid
        wait_for(pueue.answers)

    stop = staticmethod(pueue.stop)
