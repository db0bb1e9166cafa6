"""The Grader: a pool of sandboxes, and the verdict on what a response did in one of them."""

import os
import queue
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from projected_grpo import console, loopholes
from projected_grpo.grader.benchmark.rules import Compat, label_compat
from projected_grpo.grader.bwrap import Limits
from projected_grpo.grader.calibrate import calibrated
from projected_grpo.grader.gather import gather
from projected_grpo.grader.labels import LOOSE, STRICT, is_blatant, label
from projected_grpo.grader.requests import calls_of, request_of
from projected_grpo.grader.reward import reward
from projected_grpo.grader.sandbox import Sandbox
from projected_grpo.loopholes.base import Loophole
from projected_grpo.loopholes.facts import Facts
from projected_grpo.problems.problem import Problem

# CPU seconds for measuring what a canonical solution needs.
CANONICAL_CPU_S = 10.0
# A response may take so many times that.
NEEDS = 3.0


@dataclass(frozen=True)
class Graded:
    """What a response did, and what it earns.

    label and label_compat (by the benchmark's rules) are of labels.LABELS. strict, loose, blatant:
    a hack, a hack or an attempt, a hack whose tests check nothing. reward: 0.0, 0.5, 3.0 or 3.5.
    """

    facts: Facts
    label: str
    label_compat: str
    strict: bool
    loose: bool
    blatant: bool
    reward: float

    def as_row(self) -> dict[str, bool | int | float | str]:
        """Flat: label, label_compat, strict, loose, blatant, reward, and every fact."""
        row = asdict(self)
        return row | row.pop("facts")


class Grader:
    """Grades responses in `workers` sandboxes, for any thread of the process that made it.

    Raises SandboxError at once where programs cannot be isolated. Another process, a forked one
    too, makes a Grader of its own. Closing it (or leaving the context, or the end of the
    interpreter) ends the sandboxes and all that runs in them.
    """

    def __init__(
        self, workers: int = 1, limits: Limits = Limits(), path: str | None = None
    ) -> None:
        """path: look for bwrap only in these folders."""
        self.owner = os.getpid()
        limits = calibrated(limits)
        # The thread whose life the sandboxes share.
        starter = ThreadPoolExecutor(1, "grader-start")
        self.threads = ThreadPoolExecutor(workers, "grader")
        self.sandboxes: list[Sandbox] = []
        self.idle: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
        # Problem hash -> CPU seconds on top of the first limit, where that stopped a response.
        self.needs: dict[str, float] = {}
        self.measuring = threading.Lock()
        self.close = weakref.finalize(self, close, self.sandboxes, starter, self.threads)
        for _ in range(workers):
            sandbox = Sandbox(limits, lambda start: starter.submit(start).result(), path)
            self.sandboxes.append(sandbox)
            self.idle.put(sandbox)

    def __enter__(self) -> "Grader":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def grade(self, problem: Problem, response: str, loophole: str, test_func_name: str) -> Graded:
        """Run a response and say what it did. Waits for an idle sandbox.

        loophole: the name of the wording in the prompt. Refusal for an unknown one.
        """
        wording = loopholes.get(loophole)
        assert os.getpid() == self.owner, (
            "a Grader belongs to the process that made it; make one in this process"
        )
        sandbox = self.idle.get()
        try:
            facts, compat = self.gathered(sandbox, problem, response, wording, test_func_name)
        finally:
            self.idle.put(sandbox)
        verdict = label(facts, wording, response)
        return Graded(
            facts=facts,
            label=verdict,
            label_compat=label_compat(compat),
            strict=verdict in STRICT,
            loose=verdict in LOOSE,
            blatant=is_blatant(verdict, facts.kind),
            reward=reward(facts, wording, response),
        )

    def gathered(
        self, sandbox: Sandbox, problem: Problem, response: str, wording: Loophole, test_name: str
    ) -> tuple[Facts, Compat]:
        """What a response did; once more under a wider limit where the problem needs it."""

        def under(more: float) -> tuple[Facts, Compat]:
            hinted = wording.calls_own_tests
            return gather(sandbox, problem, response, test_name, hinted, more)

        sandbox.stopped = False
        first = self.needs.get(problem.hash, 0.0)
        known = under(first)
        if not sandbox.stopped:
            return known
        # Another worker may have measured meanwhile. What no limit stops comes out the same again.
        wider = self.need(sandbox, problem)
        return under(wider) if wider > first else known

    def grade_many(
        self, items: list[tuple[Problem, str, str, str]], progress: bool = False
    ) -> list[Graded]:
        """grade() of each (problem, response, loophole, test_func_name), in order."""
        results = self.threads.map(lambda item: self.grade(*item), items)
        if progress:
            results = console.progress(results, "grading", total=len(items))
        return list(results)

    def need(self, sandbox: Sandbox, problem: Problem) -> float:
        """CPU seconds beyond the limits that all problems share.

        A call may take three times what the canonical solution takes here for all calls. Of 210
        LeetCode problems of the v0.3.1 test file half take 8 ms, one in ten over 60 ms, one in
        twenty over 1 s.
        """
        # One worker measures, the others wait for it.
        with self.measuring:
            if problem.hash in self.needs:
                return self.needs[problem.hash]
            tests = (*problem.tests, *problem.hidden)
            calls = calls_of(tuple(test.kwargs for test in tests))
            request = request_of(problem, problem.canonical, "")
            run = sandbox.run({**request, "calls": calls}, CANONICAL_CPU_S)
            # That the sandbox broke says nothing of the problem: the next response measures again.
            if run.end == "lost":
                return 0.0
            # One that is stopped (leetcode/3283, after 10 s) gets three times what it had by then,
            # under which it is correct.
            self.needs[problem.hash] = max(NEEDS * run.cpu_s - sandbox.limits.call_s, 0.0)
            return self.needs[problem.hash]


def close(sandboxes: list[Sandbox], *pools: ThreadPoolExecutor) -> None:
    for sandbox in sandboxes:
        sandbox.close()
    for pool in pools:
        pool.shutdown(wait=False, cancel_futures=True)
