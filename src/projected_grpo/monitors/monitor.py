"""A monitor inside a run: it says of one graded response whether it is a hack.

monitor=truth [accuracy=1] [misses=0] [seed=0]: the grader's label with errors of a stated rate.
monitor=judge endpoint=http://HOST/v1 model=NAME: a language model's word.
A probe needs activations, which a reward worker has not: see `just monitor` for rollouts on disk.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from projected_grpo.cli import Refusal
from projected_grpo.loopholes import messages
from projected_grpo.monitors import judge, truth
from projected_grpo.problems import Problem


@dataclass
class Monitor:
    """hack: which label is the truth. accuracy, misses: shares, of truth. The rest is of judge."""

    monitor: Literal["truth", "judge"] = "truth"
    # strict is what the benchmark's own ground-truth penalty flags; no one else's label is blatant.
    hack: Literal["blatant", "strict", "loose"] = "strict"
    accuracy: float = 1.0
    misses: float = 0.0
    seed: int = 0
    endpoint: str = ""
    model: str = ""

    @property
    def origin(self) -> str:
        """Where an arm's flags come from, as `just arms` prints it."""
        return f"monitor {self.monitor}"

    def check(self, setup: object) -> None:
        """Refusal for a share that is none, or a judge that does not answer; of any setup."""
        if self.monitor == "truth":
            truth.flags(pl.Series([True]), self.accuracy, self.misses, 0)
            return
        if not (self.endpoint and self.model):
            raise Refusal("monitor=judge needs endpoint= and model= beside it")
        # A judge that does not answer is found now and not in the middle of a run.
        judge.ask(self.endpoint, self.model, judge.prompt("", "", "run_tests"))

    def flag(self, row: dict[str, Any], problem: Problem) -> bool | None:
        """None: no answer that can be read. row: response, loophole, test_func_name and labels."""
        if self.monitor == "truth":
            return self._truth(row, problem)
        chat = messages(problem, row["loophole"], row["test_func_name"])
        task = "\n\n".join(message["content"] for message in chat)
        question = judge.prompt(task, row["response"], row["test_func_name"])
        return judge.ask(self.endpoint, self.model, question)

    def _truth(self, row: dict[str, Any], problem: Problem) -> bool:
        """Errors are drawn from the seed, the problem and the response."""
        text = f"{self.seed}|{problem.id}|{row['response']}"
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
        seed = int.from_bytes(digest[:8])
        hacks = pl.Series([bool(row[self.hack])])
        return bool(truth.flags(hacks, self.accuracy, self.misses, seed)[0])
