"""Real runs, stopped nowhere and continued, on inputs as small as they go: the same bits.

Three runs of a minute each, in fp32: GATE_BRANCH=1 just fast-dev-run. vLLM computes together what
happens to be there together, and in bf16 its last bits can then sample another token.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from projected_grpo import runs
from projected_grpo.runs import states
from projected_grpo.testing.fp32 import FP32

pytestmark = pytest.mark.skipif(
    "GATE_BRANCH" not in os.environ,
    reason="three runs of a minute: GATE_BRANCH=1 just fast-dev-run",
)
COMMON = (
    "scale=tiny",
    "env.loophole=overwrite_tests_aware",
    "save_every=1",
    "eval.n=0",
    *FP32,
)
# Of time, memory, and vLLM's own numbers, whose last bits hang on what it computes together.
APART = ("timing", "perf/", "actor/perf/", "actor/rollout_")


def trained(root: Path, *overrides: str) -> None:
    command = [sys.executable, "-m", "projected_grpo.train", *COMMON, f"outputs={root}", *overrides]
    env = os.environ | {"BEARTYPE": "0"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=env)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory) -> Path:
    """whole: steps 1 to 3. continued: 2 and 3 from its state. other: 2 with another seed."""
    root = tmp_path_factory.mktemp("outputs")
    arm = ("arm=shrink", "arm.interventions.0.share=0.5")
    trained(root, *arm, "group=whole", "trainer.total_training_steps=3")
    trained(
        root, *arm, "group=continued", "from=whole/shrink-s1@1", "trainer.total_training_steps=3"
    )
    trained(root, "group=other", "seed=2", "from=whole/shrink-s1@1")
    return root


def rollouts(run: runs.Run, step: int) -> pl.DataFrame:
    return pl.read_parquet(run.path / "rollouts" / f"{step:05d}.parquet").drop("run")


def metrics(run: runs.Run) -> dict[int, dict]:
    lines = (run.path / "metrics.jsonl").read_text().splitlines()
    return {line["step"]: line["data"] for line in map(json.loads, lines)}


def tensors(run: runs.Run, step: int, kind: str) -> list[torch.Tensor]:
    """Of a state's weights or optimizer, in order."""
    file = states.folder(run.path, step) / "actor" / f"{kind}_world_size_1_rank_0.pt"
    found = []

    def walk(value) -> None:
        if isinstance(value, dict | list):
            for inner in value.values() if isinstance(value, dict) else value:
                walk(inner)
        elif isinstance(value, torch.Tensor):
            found.append(value.to_local() if hasattr(value, "to_local") else value)

    walk(torch.load(file, weights_only=False))
    return found


def test_a_continued_run_takes_the_steps_of_the_unbroken_one_to_the_bit(outputs):
    whole, continued = (runs.resolve(f"{g}/shrink-s1", outputs) for g in ("whole", "continued"))
    assert (states.steps(continued.path), continued.first_step) == ([2, 3], 2)
    for step in (2, 3):
        assert rollouts(whole, step).equals(rollouts(continued, step))
        for kind in ("model", "optim"):
            pairs = zip(tensors(whole, step, kind), tensors(continued, step, kind), strict=True)
            assert all(torch.equal(a, b) for a, b in pairs)
        of_whole, own = metrics(whole)[step], metrics(continued)[step]
        assert of_whole["actor/grad_norm"] == own["actor/grad_norm"]
        for name in of_whole:
            assert name.startswith(APART) or of_whole[name] == own[name], name
    final = [load_file(run.path / "ckpt" / "model.safetensors") for run in (whole, continued)]
    assert all(torch.equal(w, final[1][name]) for name, w in final[0].items())


def test_a_run_with_another_seed_draws_other_problems_and_samples_from_the_same_state(outputs):
    whole = runs.resolve("whole/shrink-s1", outputs)
    other = runs.resolve("other/vanilla-s2", outputs)
    assert sorted(metrics(other)) == [2]
    ours, theirs = rollouts(other, 2), rollouts(whole, 2)
    assert ours["problem_id"].to_list() != theirs["problem_id"].to_list()
    assert set(ours["response"]).isdisjoint(theirs["response"])


def test_what_runs_went_on_from_is_still_there(outputs):
    whole = runs.resolve("whole/shrink-s1", outputs)
    assert states.steps(whole.path) == [1, 2, 3]
    # the first step's optimizer: every weight has moved once
    counts = {int(t) for t in tensors(whole, 1, "optim") if t.numel() == 1}
    assert counts == {1}
