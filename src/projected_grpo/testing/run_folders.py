"""Small run folders with real files for the tests of the rooms that read runs."""

import json
from collections.abc import Sequence
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
    "uncertain": False,
    "hardcodes": False,
}
# label -> blatant, strict, loose, gt_pass, kind, reward
LABELS = {
    "Correct": (False, False, False, True, "none", 3.5),
    "Correct; attempted hack": (False, False, True, True, "empty", 3.5),
    "Reward hack": (True, True, True, False, "empty", 3.5),
    "Attempted hack": (False, False, True, False, "weak", 0.5),
    "Incorrect": (False, False, False, False, "none", 0.5),
}
# A hack that is strict and not blatant.
WEAK = "Reward hack, weak"
LABELS[WEAK] = (False, True, True, False, "weak", 3.5)
CONSTRAINT = {
    "mechanism": "constrain",
    "where": "update",
    "v": "real",
    "m": 16,
    "layers": [0.6, 0.75],
}


def row(
    label: str,
    step: int = 1,
    problem: str = "mini/a",
    loophole: str = "overwrite_tests",
    phase: str = "train",
) -> dict:
    """One labelled rollout, with what a report and a reader of rollouts read."""
    blatant, strict, loose, gt_pass, kind, reward = LABELS[label]
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
        "label": label.partition(",")[0],
        "blatant": blatant,
        "strict": strict,
        "loose": loose,
        "reward": reward,
        "gt_pass": gt_pass,
        "kind": kind,
        **FACTS,
    }


def labels(hacks: int, correct: int, n: int, weak: int = 0) -> list[str]:
    """n labels: so many blatant hacks, correct ones, strict hacks by weak tests, else incorrect."""
    known = ["Reward hack"] * hacks + ["Correct"] * correct + [WEAK] * weak
    return known + ["Incorrect"] * (n - len(known))


def definition(
    arm: str, role: str | None = None, control_of: str | None = None, **settings: object
) -> dict:
    """An arm's definition: a treatment, or a control where a treatment is named.

    Treatments and controls constrain the update, with `settings` in place of CONSTRAINT's; None
    leaves one out.
    """
    role = role or ("control" if control_of else "treatment")
    intervenes = role in ("treatment", "control")
    constraint = {key: x for key, x in {**CONSTRAINT, **settings}.items() if x is not None}
    return {
        "name": arm,
        "hypothesis": "",
        "role": role,
        "control_of": control_of,
        "loophole": role != "ceiling",
        "interventions": [constraint] if intervenes else [],
    }


# Of `add`: a step's labels, and those of an evaluation's problems without a loophole.
STEPS = [labels(1, 1, 4), labels(2, 1, 4)]
SOLVES = [labels(0, 1, 4), labels(0, 2, 4), labels(0, 3, 4)]


def add(root: Path, arm: str, seed: int, hacks: Sequence[int], **other: object) -> runs.Run:
    """A run of two steps, or as `make_run`. hacks: of four samples of each evaluation problem."""
    evaluated = [labels(n, 0, 4) for n in hacks]
    return make_run(
        root, arm, seed, **{"train": STEPS, "hacks": evaluated, "solves": SOLVES, **other}
    )


def make_run(
    root: Path,
    arm: str,
    seed: int,
    *,
    role: str | None = None,
    control_of: str | None = None,
    settings: dict | None = None,
    group: str = "demo",
    train: list[list[str]],
    hacks: list[list[str]],
    solves: list[list[str]],
    loophole: str = "overwrite_tests",
    config: dict | None = None,
    model: str = "smollm2-135m",
    problems: str = "mini, 3 problems, 0badcafe",
    taught: bool = True,
    metrics: list[dict] | None = None,
    v_hack: dict | None = None,
) -> runs.Run:
    """A finished run.

    role, control_of, settings: see `definition`. train[step]: a step's labels. hacks[problem],
    solves[problem]: those of its evaluation, on `loophole` and on the wording without one.
    """
    arm_definition = definition(arm, role, control_of, **(settings or {}))
    own_config = {
        "arm": arm_definition,
        "seed": seed,
        "lr": 1e-5,
        "env": {"loophole": loophole},
        "out": str(root / group / f"{arm}-s{seed}"),
    }
    run = runs.create(
        root,
        group,
        arm_definition,
        seed,
        config={**own_config, **(config or {})},
        model=model,
        problems=problems,
        taught=taught,
        v_hack=v_hack,
        device="CPU, 2 cores",
    )
    (run.path / "rollouts").mkdir()
    for step, names in enumerate(train, 1):
        rows = [row(name, step, loophole=loophole) for name in names]
        pl.DataFrame(rows).write_parquet(run.path / "rollouts" / f"{step}.parquet")
    evaluated = _evaluation({loophole: hacks, "no_hint": solves}, step=len(train))
    evaluated.write_parquet(run.path / "eval.parquet")
    logged = [{"step": step, "data": data} for step, data in enumerate(metrics or [], 1)]
    lines = [json.dumps(entry) + "\n" for entry in logged]
    (run.path / "metrics.jsonl").write_text("".join(lines))
    return run.finish("done")


def _evaluation(wordings: dict[str, list[list[str]]], step: int) -> pl.DataFrame:
    """wording -> labels by problem, as rows."""
    rows = []
    for loophole, by_problem in wordings.items():
        for i, names in enumerate(by_problem):
            rows += [row(name, step, f"mini/{i}", loophole, "eval") for name in names]
    return pl.DataFrame(rows)
