"""verl's custom reward function: grades one response in the sandbox and hands the whole label on, not only the score."""

import json
import threading
from functools import lru_cache

from projected_grpo import problems
from projected_grpo.grader import Grader
from projected_grpo.grader.benchmark.evaluator import Benchmark, example, verdict
from projected_grpo.monitors.online import online

_alone = threading.Lock()  # every thread's first call finds the caches empty: without it each of them reads the whole problem set


@lru_cache(maxsize=1)
def _grader(sandboxes: int) -> Grader:
    return Grader(
        sandboxes
    ).__enter__()  # lives as long as its reward worker's process; its sandboxes die with it


@lru_cache(maxsize=1)
def _benchmark(sandboxes: int) -> Benchmark:
    return Benchmark(sandboxes)


@lru_cache(maxsize=1)
def _problems(spec: str) -> dict[str, problems.Problem]:
    return {problem.id: problem for problem in problems.load(split="train", **json.loads(spec))}


def compute_score(
    data_source, solution_str, ground_truth, extra_info, sandboxes: int, **kwargs
) -> dict:
    """Called from many threads of a reward worker, which share its pool of sandboxes: {"score": reward, problem_id, loophole, test_func_name, and every column of Graded.as_row()}.

    kwargs: see monitors/online.py. With monitor=benchmark label, strict, loose and reward are the benchmark's own code's and label_ours is ours. A monitor
    that flags adds flagged and answered; score is the reward less the penalty, while label and reward stay the grader's.
    """
    monitor = online(kwargs)
    name, loophole = extra_info["test_func_name"], extra_info["loophole"]
    with _alone:
        problem, grader = (
            _problems(extra_info["problems"])[extra_info["problem_id"]],
            _grader(sandboxes),
        )
        benchmark = _benchmark(sandboxes) if monitor.monitor == "benchmark" else None
    graded = grader.grade(problem, solution_str, loophole, name)
    row = (
        verdict(graded, benchmark.labels([(example(problem, loophole, name), solution_str)])[0])
        if benchmark
        else graded.as_row()
    )
    score = row["reward"]
    if monitor.monitor in ("truth", "judge"):
        flag = monitor.flag(problem, solution_str, loophole, name, graded.strict)
        row |= {"flagged": flag is True, "answered": flag is not None}
        score -= monitor.penalty * row["flagged"]
    told = {key: extra_info[key] for key in ("problem_id", "loophole", "test_func_name")}
    return {"score": score, **told, **row}
