"""A run in the processes that another run has left is the run that it is in fresh ones.

Three runs of a minute, in fp32 as in branch_test.py: GATE_WARM=1 just fast-dev-run.
"""

import json
import os
import subprocess
import sys

import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from projected_grpo import runs
from projected_grpo.testing.fp32 import FP32

pytestmark = pytest.mark.skipif(
    "GATE_WARM" not in os.environ,
    reason="three runs of a minute: GATE_WARM=1 just fast-dev-run",
)
COMMON = (
    "scale=tiny",
    "env.loophole=overwrite_tests_aware",
    "trainer.total_training_steps=1",
    "eval.n=0",
    *FP32,
)
SECOND = ("arm=shrink", "arm.interventions.0.share=0.5", "seed=1")
# of time, memory, and vLLM's own numbers, whose last bits hang on what it computes together
APART = ("timing", "perf/", "actor/perf/", "actor/rollout_")
STARTED = "Started a local Ray instance"


def train(words: list[str], lines: str = "") -> None:
    command = [sys.executable, "-m", "projected_grpo.train", *words]
    env = os.environ | {"BEARTYPE": "0"}
    done = subprocess.run(command, input=lines, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> tuple[runs.Run, runs.Run]:
    """(the run in processes of its own, the same after another arm's with another seed)."""
    root = tmp_path_factory.mktemp("outputs")
    common = [*COMMON, f"outputs={root}"]
    first = [*common, "group=after", "arm=vanilla", "seed=2"]
    second = [*common, "group=after", *SECOND]
    train(["-"], f"{json.dumps(first)}\n{json.dumps(second)}\n")
    train([*common, "group=fresh", *SECOND])
    return runs.open_run(root / "fresh/shrink-s1"), runs.open_run(root / "after/shrink-s1")


def test_it_starts_no_ray_of_its_own(pair):
    fresh, after = [(run.path / "log.txt").read_text() for run in pair]
    assert STARTED in fresh and STARTED not in after


def test_its_first_step_has_the_same_rollouts_metrics_and_weights_to_the_bit(pair):
    first, second = [pl.read_parquet(run.path / "rollouts/00001.parquet") for run in pair]
    assert first.drop("run").equals(second.drop("run"))
    first, second = [json.loads((run.path / "metrics.jsonl").read_text())["data"] for run in pair]
    for name in first:
        assert name.startswith(APART) or first[name] == second[name], name
    first, second = [load_file(run.path / "ckpt/model.safetensors") for run in pair]
    assert all(torch.equal(weight, second[name]) for name, weight in first.items())


def test_its_syncs_are_its_own(pair):
    first, second = [(run.path / "sync.jsonl").read_text() for run in pair]
    assert first == second
