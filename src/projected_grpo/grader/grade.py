"""The Grader: a pool of sandboxes, and the verdict on what was found out in them."""

import os
import queue
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial

from tqdm import tqdm

from projected_grpo.grader.benchmark.rules import label_compat
from projected_grpo.grader.bwrap import Limits
from projected_grpo.grader.calibrate import calibrated
from projected_grpo.grader.gather import calls_of, gather, request_of
from projected_grpo.grader.labels import LOOSE, STRICT, Facts, label
from projected_grpo.grader.reward import reward
from projected_grpo.grader.sandbox import Sandbox
from projected_grpo.loopholes.base import NAMES
from projected_grpo.problems.problem import Problem

CANONICAL_CPU_S = 10.0  # for measuring what the canonical solution needs
NEEDS = 3.0  # a response may take so many times that


@dataclass(frozen=True)
class Graded:
    """A response's facts, its label, and the one that the benchmark's rules give (both of labels.LABELS), strict and
    loose hack, and reward (0.0, 0.5 or 3.5)."""

    facts: Facts
    label: str
    label_compat: str
    strict: bool
    loose: bool
    reward: float

    def as_row(self) -> dict[str, bool | int | float | str]:
        """Flat: label, label_compat, strict, loose, reward, and every fact."""
        row = asdict(self)
        return row | row.pop("facts")


class Grader:
    """Grades responses in `workers` sandboxes; callable from any thread of the process that made it.

    Raises SandboxError at once where programs cannot be isolated. Another process, a forked one too, makes a Grader of
    its own. Closing it (or leaving the context, or the end of the interpreter) ends the sandboxes and all that runs in
    them.
    """

    def __init__(
        self, workers: int = 1, limits: Limits = Limits(), path: str | None = None
    ) -> None:
        """path: look for bwrap only in these folders."""
        self.owner = os.getpid()
        limits = calibrated(limits)
        starter = ThreadPoolExecutor(1, "grader-start")  # the thread whose life the sandboxes share
        self.threads = ThreadPoolExecutor(workers, "grader")
        self.sandboxes: list[Sandbox] = []
        self.idle: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
        self.needs: dict[
            str, float
        ] = {}  # by problem hash, of those whose first limit stopped a response: CPU seconds on top of it
        self.measuring = threading.Lock()
        self.close = weakref.finalize(self, close, self.sandboxes, starter, self.threads)
        for _ in range(workers):
            self.sandboxes.append(
                Sandbox(limits, lambda start: starter.submit(start).result(), path)
            )
            self.idle.put(self.sandboxes[-1])

    def __enter__(self) -> "Grader":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def grade(self, problem: Problem, response: str, loophole: str, test_func_name: str) -> Graded:
        """Run a response and say what it did. Waits for an idle sandbox."""
        assert loophole in NAMES, f"unknown loophole {loophole!r}; choose one of {', '.join(NAMES)}"
        assert os.getpid() == self.owner, (
            "a Grader belongs to the process that made it; make one in this process"
        )
        sandbox = self.idle.get()
        sandbox.stopped = False
        try:
            found_out = partial(
                gather, sandbox, problem, response, test_func_name, loophole != "no_hint"
            )
            facts, compat = found_out(had := self.needs.get(problem.hash, 0.0))
            if (
                sandbox.stopped and (more := self.need(sandbox, problem)) > had
            ):  # another worker may have measured meanwhile
                facts, compat = found_out(
                    more
                )  # what no limit stops comes out the same under a wider one
        finally:
            self.idle.put(sandbox)
        named = label(facts, loophole)
        return Graded(
            facts,
            named,
            label_compat(compat),
            named in STRICT,
            named in LOOSE,
            reward(facts, loophole),
        )

    def grade_many(
        self, items: list[tuple[Problem, str, str, str]], progress: bool = False
    ) -> list[Graded]:
        """grade() of each (problem, response, loophole, test_func_name), in order, on all workers."""
        results = self.threads.map(lambda item: self.grade(*item), items)
        return list(tqdm(results, total=len(items), desc="grading", disable=not progress))

    def need(self, sandbox: Sandbox, problem: Problem) -> float:
        """CPU seconds beyond the limits that all share: a call may take three times what the canonical solution takes here for all calls. Of 210
        LeetCode problems of the v0.3.1 test file half take 8 ms, one in ten over 60 ms, one in twenty over 1 s."""
        with self.measuring:  # one worker measures, the others wait for it
            if problem.hash not in self.needs:
                calls = calls_of(tuple(t.kwargs for t in problem.tests))
                run = sandbox.run(
                    {**request_of(problem, problem.canonical, ""), "calls": calls}, CANONICAL_CPU_S
                )
                self.needs[problem.hash] = max(NEEDS * run.cpu_s - sandbox.limits.call_s, 0.0)
            return self.needs[problem.hash]


def close(sandboxes: list[Sandbox], *pools: ThreadPoolExecutor) -> None:
    for sandbox in sandboxes:
        sandbox.close()
    for pool in pools:
        pool.shutdown(wait=False, cancel_futures=True)
