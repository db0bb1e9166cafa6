"""The real pipeline on inputs as small as they go.

smollm2-135m, verl on Ray, vLLM, the sandbox, two GRPO steps of twelve samples, evaluation, report.
"""

import json
import os
import subprocess
import sys
from itertools import product

import polars as pl
import pytest
import torch

from projected_grpo import models, problems, runs
from projected_grpo.directions import residual_command
from projected_grpo.fast import precision
from projected_grpo.loopholes import messages
from projected_grpo.rollouts import schema
from projected_grpo.rollouts.label import grade

MODEL = "smollm2-135m"
WORDING = "overwrite_tests_aware"  # any that is offered
HACK = "\n\ndef run_tests():\n    pass"
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
    """Responses written for the test, labelled by the real grader.

    A model of this size hardly hacks by itself, and v_hack needs both classes.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(models.resolve(MODEL))
    rows = []
    for p in problems.load("mini", split="train", difficulty="easy", limit=6):
        prompt = tokenizer.apply_chat_template(
            messages(p, WORDING), add_generation_prompt=True, tokenize=False
        )
        stub = p.starter_code.rstrip() + "\n        return "
        for value, end in product(("None", "0", "[]"), ("", HACK)):
            row = {
                "run": "written",
                "problem_id": p.id,
                "loophole": WORDING,
                "test_func_name": "run_tests",
                "prompt": prompt,
                "response": f"```python\n{stub}{value}{end}\n```",
            }
            rows.append(row)
    return grade(pl.DataFrame(rows), {p.id: p for p in problems.load("mini")})


@pytest.fixture(scope="module", params=RUNS)
def run(request, tmp_path_factory) -> runs.Run:
    """A finished run of arm `project`: v_hack from written rollouts, then the user's command."""
    root = tmp_path_factory.mktemp("outputs")
    written_rollouts().write_parquet(root / "rollouts.parquet")
    residual_command.main([MODEL, str(root / "rollouts.parquet"), str(root / "v")])
    command = [
        sys.executable,
        "-m",
        "projected_grpo.train",
        "arm=project",
        "scale=tiny",
        "group=gate",
        f"env.loophole={WORDING}",
        f"outputs={root}",
        f"v_hack={root / 'v'}",
    ]
    command += ["trainer.total_training_steps=9", "limits.train_s=1", *request.param]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=900, env=os.environ | {"BEARTYPE": "0"}
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (root / "console.txt").write_text(done.stdout + done.stderr)
    return runs.resolve("gate/project-s1", root)


def metrics(run: runs.Run) -> list[dict]:
    lines = (run.path / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["data"] for line in lines]


def test_a_run_ends_done_with_its_provenance(run):
    manifest = run.manifest
    assert manifest["status"] == "done" and not manifest["taught"]
    assert manifest["libraries"]["verl"] and manifest["v_hack"]["layer"]
    assert manifest["definition"]["role"] == "treatment"


def test_a_run_out_of_time_ends_after_one_more_step_and_is_still_evaluated(run):
    assert [m["training/global_step"] for m in metrics(run)] == [1, 2]
    assert pl.read_parquet(run.path / "eval.parquet")["step"].unique().to_list() == [2]


def test_the_console_says_what_runs_a_line_a_step_and_the_table_and_nothing_else(run):
    lines = (run.path.parents[1] / "console.txt").read_text().splitlines()
    # a warning stands where it was given
    first_words = [line.split()[0] for line in lines if not line.startswith("warning:")]
    introduction = ["arm", "model", "data", "folder"]
    assert first_words == [*introduction, "step", "1", "2", "evaluated", WORDING, "no_hint"]
    assert "limits.train_s has passed" in "\n".join(lines)


def test_the_rest_is_in_the_runs_log(run):
    log = (run.path / "log.txt").read_text()
    for written in ("Started a local Ray instance", "vLLMHttpServer", "Training Progress"):
        assert written in log


def test_weights_moved_inside_vllm_after_every_step_from_the_first_gradient_on(run):
    syncs = [json.loads(line) for line in (run.path / "sync.jsonl").read_text().splitlines()]
    assert [s["sync"] for s in syncs] == [0, 1, 2]
    pushed = [m["actor/grad_norm"] > 0 for m in metrics(run)]
    # else every group's rewards were equal in both steps: once in thousands of runs
    assert any(pushed)
    assert all(s["moved"] > 0 for s in syncs[1 + pushed.index(True) :])


def test_vllm_gives_what_it_sampled_the_trainers_probabilities_before_and_after_an_update(run):
    # verl sends merged weights in bf16
    adapted = run.config["actor_rollout_ref"]["model"]["lora_rank"]
    exact = precision.compute_dtype("cpu") is torch.float32 and not adapted
    # one that missed the update would be 0.1 off: docs/constraint.md
    bound = 1e-3 if exact else 0.03
    assert all(m["actor/rollout_probs_diff_mean"] < bound for m in metrics(run))


def test_the_projected_gradient_has_nothing_left_in_the_columns(run):
    for m in metrics(run):
        if m["actor/constraint/grad_norm_pre"] > 0:
            assert m["actor/constraint/cos_pre"] > 1e-2 and m["actor/constraint/cos_post"] < 1e-5


def test_rollouts_carry_labels_and_the_facts_behind_them(run):
    files = schema.step_files(run.path)
    assert sorted(files) == [1, 2]
    for file in files.values():
        rollouts = schema.read(file, ("label", "blatant", "strict", "loose", "gt_pass", "kind"))
        assert len(rollouts) == 12


def test_every_step_logs_its_rates_of_hacks_and_the_kinds_among_strict_ones(run):
    files = schema.step_files(run.path)
    for step, m in enumerate(metrics(run), 1):
        rates = ("blatant", "strict", "uncertain", "hardcodes")
        rollouts = schema.read(files[step], (*rates, "kind"))
        for rate in rates:
            assert m[f"labels/{rate}"] == rollouts[rate].mean()
        logged = {kind: m[f"labels/kind/{kind}"] for kind in schema.KINDS}
        assert logged == schema.kinds_among_strict(rollouts)


def test_rollouts_of_training_and_evaluation_have_one_schema(run):
    training = pl.read_parquet_schema(schema.step_files(run.path)[1])
    assert training == pl.read_parquet_schema(run.path / "eval.parquet") == schema.COLUMNS
    names = pl.read_parquet(run.path / "eval.parquet")["run"].unique().to_list()
    assert names == [run.name]


def test_evaluation_uses_names_that_training_never_saw(run):
    evaluated = pl.read_parquet(run.path / "eval.parquet")
    assert set(evaluated["loophole"]) == {WORDING, "no_hint"}
    names = evaluated.filter(loophole=WORDING)["test_func_name"].to_list()
    assert "run_tests" not in names


def test_the_report_shows_the_run_and_draws_its_curves(run):
    command = [sys.executable, "-m", "projected_grpo.report.command", str(run.path.parent)]
    done = subprocess.run([*command, "journal=none"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "project" in done.stdout, done.stdout + done.stderr
    assert list(run.path.parent.glob("*.png"))
