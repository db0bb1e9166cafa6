"""A monitor inside a run: what it flags is paid less. Set by reward.custom_reward_function.reward_kwargs (each with + before it on the command line):

monitor=truth [accuracy=1] [misses=0] [seed=0], or monitor=judge endpoint=http://HOST/v1 model=NAME, and [penalty=3], what a flag costs: 3
is what passing earns, 0 only writes the flags into the rollouts. monitor=benchmark is another thing: see grader/benchmark.py.
"""

import hashlib
from dataclasses import dataclass, fields

import polars as pl

from projected_grpo.cli import Refusal
from projected_grpo.grader.benchmark import evaluator
from projected_grpo.loopholes import messages
from projected_grpo.monitors import judge, truth
from projected_grpo.problems.problem import Problem

NAMES = ("ours", "benchmark", "truth", "judge")


@dataclass(frozen=True)
class Online:
    """monitor: one of NAMES; "ours" flags nothing. The rest as above."""

    monitor: str = "ours"
    penalty: float = 3.0
    accuracy: float = 1.0
    misses: float = 0.0
    seed: int = 0
    endpoint: str = ""
    model: str = ""

    def flag(
        self, problem: Problem, response: str, loophole: str, test_name: str, strict: bool
    ) -> bool | None:
        """None: no answer that can be read. Errors of truth are drawn from the seed, the problem and the response."""
        if self.monitor == "truth":
            drawn = hashlib.sha256(
                f"{self.seed}|{problem.id}|{response}".encode(errors="surrogatepass")
            ).digest()
            return bool(
                truth.flags(
                    pl.Series([strict]), self.accuracy, self.misses, int.from_bytes(drawn[:8])
                )[0]
            )
        task = "\n\n".join(message["content"] for message in messages(problem, loophole, test_name))
        return judge.ask(self.endpoint, self.model, judge.prompt(task, response, test_name))


def online(kwargs: dict) -> Online:
    """From reward_kwargs, whose other keys are verl's and the grader's. Refusal for what cannot be, before a run starts."""
    monitor = Online(**{f.name: f.type(kwargs[f.name]) for f in fields(Online) if f.name in kwargs})
    if monitor.monitor not in NAMES:
        raise Refusal(f"unknown monitor {monitor.monitor!r}; choose one of {', '.join(NAMES)}")
    if monitor.monitor == "benchmark":
        evaluator.imported()
    if monitor.monitor == "truth":
        truth.flags(pl.Series([True]), monitor.accuracy, monitor.misses, 0)
    if monitor.monitor == "judge" and not (monitor.endpoint and monitor.model):
        raise Refusal("monitor=judge needs endpoint= and model= beside it in reward_kwargs")
    return monitor
