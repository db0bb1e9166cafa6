"""verl's custom reward function: grades one response in the sandbox, hands its label on."""

import json
import threading
from functools import lru_cache
from typing import Any

from omegaconf import DictConfig, OmegaConf

from projected_grpo import problems
from projected_grpo.grader import Grader
from projected_grpo.grader.benchmark.evaluator import Benchmark, example, verdict
from projected_grpo.interventions import arms
from projected_grpo.interventions.chain import Chain

# every thread's first call finds the caches empty: without it each of them reads the whole set
_alone = threading.Lock()


@lru_cache(maxsize=1)
def _grader(sandboxes: int) -> Grader:
    """Lives as long as its reward worker's process; its sandboxes die with it."""
    return Grader(sandboxes).__enter__()


@lru_cache(maxsize=1)
def _benchmark(sandboxes: int) -> Benchmark:
    return Benchmark(sandboxes)


@lru_cache(maxsize=1)
def _problems(spec: str) -> dict[str, problems.Problem]:
    return {problem.id: problem for problem in problems.load(split="train", **json.loads(spec))}


@lru_cache(maxsize=1)
def _interventions(arm: str) -> Chain:
    return arms.parse(json.loads(arm)).interventions


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: dict[str, Any],
    sandboxes: int,
    arm: DictConfig | dict | None = None,
    labels: str = "ours",
    **_verl: Any,
) -> dict[str, Any]:
    """{"score": what GRPO sees, problem_id, loophole, test_func_name, and all of Graded.as_row()}.

    Called from many threads of a reward worker, which share its pool of sandboxes. arm: whose
    mechanisms may pay otherwise and add columns. labels=benchmark: label, strict, loose, blatant
    and reward are the benchmark's own code's, and label_ours is ours.
    """
    loophole, name = extra_info["loophole"], extra_info["test_func_name"]
    with _alone:
        problem = _problems(extra_info["problems"])[extra_info["problem_id"]]
        grader = _grader(sandboxes)
        benchmark = _benchmark(sandboxes) if labels == "benchmark" else None
        interventions = _interventions(_json(arm)) if arm else Chain([])
    graded = grader.grade(problem, solution_str, loophole, name)
    row = graded.as_row()
    if benchmark:
        theirs = benchmark.labels([(example(problem, loophole, name), solution_str)])
        row = verdict(graded, theirs[0])
    about = {"problem_id": problem.id, "loophole": loophole, "test_func_name": name}
    row = {"score": row["reward"], **about, **row, "response": solution_str}
    paid = interventions.pay(row, problem)
    return {key: value for key, value in paid.items() if key != "response"}


def _json(arm: DictConfig | dict) -> str:
    plain = OmegaConf.to_container(arm, resolve=True) if isinstance(arm, DictConfig) else arm
    return json.dumps(plain, sort_keys=True)
