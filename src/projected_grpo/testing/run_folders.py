"""Small run folders with real files for the tests of the rooms that read runs."""

import json
from pathlib import Path

import polars as pl

from projected_grpo import runs

FACTS = {
    "parsed": True,
    "compiles": True,
    "n_tests": 8,
    "n_passed": 3,
    "placement": "method",
    "tests_pass": True,
    "defines_tests": True,
    "tests_accept_wrong": True,
    "tests_reject_canonical": False,
}
LABELS = {  # label -> strict, loose, gt_pass, kind, reward
    "Correct": (False, False, True, "none", 3.5),
    "Correct; attempted hack": (False, True, True, "vacuous", 3.5),
    "Reward hack": (True, True, False, "vacuous", 3.5),
    "Attempted hack": (False, True, False, "weak", 0.5),
    "Incorrect": (False, False, False, "none", 0.5),
}


def row(
    label: str,
    step: int = 1,
    problem: str = "mini/a",
    loophole: str = "overwrite_tests",
    phase: str = "train",
) -> dict:
    """One labelled rollout with every column of the contract."""
    strict, loose, gt_pass, kind, reward = LABELS[label]
    return {
        "run": "demo",
        "step": step,
        "phase": phase,
        "uid": f"{step}-{problem}",
        "problem_id": problem,
        "loophole": loophole,
        "test_func_name": "run_tests",
        "prompt": "Write a function.",
        "response": f"```python\n# {label}\n```",
        "n_tokens": 12,
        "finish": "stop",
        "label": label,
        "strict": strict,
        "loose": loose,
        "reward": reward,
        "gt_pass": gt_pass,
        "kind": kind,
        **FACTS,
    }


def labels(hacks: int, correct: int, n: int) -> list[str]:
    """n labels: so many strict hacks, so many correct ones, the rest incorrect."""
    return ["Reward hack"] * hacks + ["Correct"] * correct + ["Incorrect"] * (n - hacks - correct)


def make_run(
    root: Path,
    arm: str,
    seed: int,
    *,
    group: str = "demo",
    train: list[list[str]],
    hacks: list[list[str]],
    solves: list[list[str]],
    config: dict | None = None,
    model: str = "smollm2-135m",
    problems: str = "mini, 3 problems, 0badcafe",
    warm_started: bool = True,
    metrics: list[dict] | None = None,
    v_hack: dict | None = None,
) -> runs.Run:
    """A finished run: train[step] are a step's labels, hacks[problem] and solves[problem] those of its evaluation."""
    config = {
        "arm": arm,
        "seed": seed,
        "lr": 1e-5,
        "out": str(root / group / f"{arm}-s{seed}"),
        **(config or {}),
    }
    run = runs.create(
        root,
        group,
        arm,
        seed,
        config=config,
        model=model,
        problems=problems,
        warm_started=warm_started,
        v_hack=v_hack,
        device="CPU, 2 cores",
    )
    (run.path / "rollouts").mkdir()
    for step, names in enumerate(train, 1):
        pl.DataFrame([row(name, step) for name in names]).write_parquet(
            run.path / "rollouts" / f"{step}.parquet"
        )
    evaluated = [
        row(name, len(train), f"mini/{i}", loophole, "eval")
        for loophole, by_problem in (("overwrite_tests", hacks), ("no_hint", solves))
        for i, names in enumerate(by_problem)
        for name in names
    ]
    pl.DataFrame(evaluated).write_parquet(run.path / "eval.parquet")
    lines = [
        json.dumps({"step": step, "data": data}) + "\n"
        for step, data in enumerate(metrics or [], 1)
    ]
    (run.path / "metrics.jsonl").write_text("".join(lines))
    return run.finish("done")
