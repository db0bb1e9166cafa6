"""The real pipeline on inputs as small as they go: smollm2-135m, verl on Ray, vLLM, the sandbox, two GRPO steps of twelve samples, evaluation, report."""

import json
import os
import subprocess
import sys

import polars as pl
import pytest
import torch

from projected_grpo import models, problems, runs
from projected_grpo.directions import residual
from projected_grpo.fast import precision
from projected_grpo.loopholes.base import messages
from projected_grpo.rollouts.label import grade

MODEL = "smollm2-135m"
_MODEL = "actor_rollout_ref.model."
ADAPTER = [
    f"{_MODEL}lora_rank=8",
    f"{_MODEL}lora_alpha=16",
    f"{_MODEL}lora={{merge: true}}",
    "actor_rollout_ref.actor.optim.lr=5e-3",
]
RUNS = [
    pytest.param([], id="full"),
    pytest.param(
        ADAPTER,
        id="lora",
        marks=pytest.mark.skipif(
            "GATE_LORA" not in os.environ,
            reason="another run of minutes: GATE_LORA=1 just fast-dev-run",
        ),
    ),
]


def written_rollouts() -> pl.DataFrame:
    """Responses written for the test, labelled by the real grader: a model of this size hardly hacks by itself, and v_hack needs both classes."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(models.resolve(MODEL))
    rows = []
    for p in problems.load("mini", split="train", difficulty="easy", limit=6):
        prompt = tokenizer.apply_chat_template(
            messages(p, "overwrite_tests"), add_generation_prompt=True, tokenize=False
        )
        stub = p.starter_code.rstrip() + "\n        return "
        for value in ("None", "0", "[]"):
            for end in ("", "\n\ndef run_tests():\n    pass"):
                rows.append(
                    dict(
                        run="written",
                        problem_id=p.id,
                        loophole="overwrite_tests",
                        test_func_name="run_tests",
                        prompt=prompt,
                        response=f"```python\n{stub}{value}{end}\n```",
                    )
                )
    return grade(pl.DataFrame(rows), {p.id: p for p in problems.load("mini")})


@pytest.fixture(scope="module", params=RUNS)
def run(request, tmp_path_factory) -> runs.Run:
    """A finished run of arm `project`: v_hack from written rollouts, then the training command line as a user calls it."""
    root = tmp_path_factory.mktemp("outputs")
    written_rollouts().write_parquet(root / "rollouts.parquet")
    residual.main([MODEL, str(root / "rollouts.parquet"), str(root / "v")])
    command = [
        sys.executable,
        "-m",
        "projected_grpo.train",
        "arm=project",
        "scale=tiny",
        "group=gate",
        f"outputs={root}",
        f"v_hack={root / 'v'}",
    ]
    command += ["trainer.total_training_steps=9", "limits.train_s=1", *request.param]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=900, env=os.environ | {"BEARTYPE": "0"}
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return runs.resolve("gate/project-s1", root)


def metrics(run: runs.Run) -> list[dict]:
    return [
        json.loads(line)["data"] for line in (run.path / "metrics.jsonl").read_text().splitlines()
    ]


def test_a_run_ends_done_with_its_provenance(run):
    told = run.manifest
    assert (
        told["status"] == "done"
        and told["libraries"]["verl"]
        and told["v_hack"]["layer"]
        and not told["taught"]
    )


def test_a_run_out_of_time_ends_after_one_more_step_and_is_still_evaluated(run):
    assert [m["training/global_step"] for m in metrics(run)] == [1, 2]
    assert pl.read_parquet(run.path / "eval.parquet")["step"].unique().to_list() == [2]


def test_weights_moved_inside_vllm_after_every_step_from_the_first_gradient_on(run):
    syncs = [json.loads(line) for line in (run.path / "sync.jsonl").read_text().splitlines()]
    assert [s["sync"] for s in syncs] == [0, 1, 2]
    pushed = [m["actor/grad_norm"] > 0 for m in metrics(run)]
    assert any(pushed), (
        "every group's rewards were equal in both steps, which should happen once in thousands of runs"
    )
    assert all(s["moved"] > 0 for s in syncs[1 + pushed.index(True) :])


def test_vllm_gives_what_it_sampled_the_trainers_probabilities_before_and_after_an_update(run):
    exact = (
        precision.compute_dtype("cpu") is torch.float32
        and not run.config["actor_rollout_ref"]["model"]["lora_rank"]
    )  # verl sends merged weights in bf16
    bound = (
        1e-3 if exact else 0.03
    )  # one that missed the update would be 0.1 off: docs/constraint.md
    assert all(m["actor/rollout_probs_diff_mean"] < bound for m in metrics(run))


def test_the_projected_gradient_has_nothing_left_in_the_columns(run):
    for m in metrics(run):
        if m["actor/constraint/grad_norm_pre"] > 0:
            assert m["actor/constraint/cos_pre"] > 1e-2 and m["actor/constraint/cos_post"] < 1e-5


def test_rollouts_carry_labels_and_the_facts_behind_them(run):
    rollouts = pl.concat(
        [pl.read_parquet(f) for f in sorted((run.path / "rollouts").glob("*.parquet"))]
    )
    assert len(rollouts) == 24 and rollouts["step"].unique().sort().to_list() == [1, 2]
    assert {"label", "strict", "loose", "reward", "gt_pass", "kind", "problem_id"} <= set(
        rollouts.columns
    )


def test_evaluation_uses_names_that_training_never_saw(run):
    evaluated = pl.read_parquet(run.path / "eval.parquet")
    assert set(evaluated["loophole"]) == {"overwrite_tests", "no_hint"}
    assert (
        "run_tests"
        not in evaluated.filter(pl.col("loophole") == "overwrite_tests")["test_func_name"].to_list()
    )


def test_the_report_shows_the_run_and_draws_its_curves(run):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "projected_grpo.report.command",
            str(run.path.parent),
            "journal=none",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and "project" in done.stdout, done.stdout + done.stderr
    assert list(run.path.parent.glob("*.png"))
