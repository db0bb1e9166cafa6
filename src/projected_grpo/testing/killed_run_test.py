"""A real run, killed with -9 in its second step and started again by the same command.

Three runs of a minute or two: GATE_KILLED=1 just fast-dev-run.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from projected_grpo import runs
from projected_grpo.runs import states
from projected_grpo.testing import killed

pytestmark = pytest.mark.skipif(
    "GATE_KILLED" not in os.environ,
    reason="three runs of a minute or two: GATE_KILLED=1 just fast-dev-run",
)
TRAIN = (sys.executable, "-m", "projected_grpo.train", "scale=tiny")
# Of time, memory, and vLLM's own numbers, whose last bits hang on what it computes together.
APART = ("timing", "perf/", "actor/perf/", "actor/rollout_")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> runs.Run:
    """The run once it is done; before that what was left of the killed one is looked at."""
    root = tmp_path_factory.mktemp("outputs")
    command = [*TRAIN, "group=killed", "save_every=1", "keep=1", "eval_every=2", f"outputs={root}"]
    path = root / "killed" / "vanilla-s1"
    with killed.started(command, str(root), root / "errors.txt") as process:
        while not states.steps(path):
            assert process.poll() is None, (path / "log.txt").read_text()[-3000:]
            time.sleep(0.1)
        assert len(killed.processes(str(root))) > 5
        process.kill()
    assert not killed.left(str(root))
    assert not runs.open_run(path).manifest["ended"]
    # of a step that it did not end
    (path / "rollouts" / "00007.parquet").touch()
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "steps 2 to 2" in done.stdout
    return runs.open_run(path)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> Path:
    """The folder of the same run, which nobody killed."""
    root = tmp_path_factory.mktemp("unbroken")
    command = [*TRAIN, "group=unbroken", "eval.n=0", f"outputs={root}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return root / "unbroken" / "vanilla-s1"


def metrics(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_a_killed_run_goes_on_after_its_last_state_and_says_so(run):
    assert run.manifest["status"] == "done"
    assert [again["step"] for again in run.manifest["resumed"]] == [1]
    assert [entry["step"] for entry in metrics(run.path)] == [1, 2]
    syncs = [json.loads(line)["sync"] for line in (run.path / "sync.jsonl").open()]
    assert syncs == [0, 1, 2]
    rollouts = sorted(file.stem for file in (run.path / "rollouts").iterdir())
    assert rollouts == ["00001", "00002"]
    assert [path.name for path in (run.path / "states").iterdir()] == ["global_step_2"]


def test_it_is_evaluated_before_the_first_and_after_every_so_many_steps_and_at_the_end(run):
    evaluated = {file.stem: pl.read_parquet(file) for file in (run.path / "evals").iterdir()}
    assert sorted(evaluated) == ["00000", "00002"]
    final = pl.read_parquet(run.path / "eval.parquet")
    asked = ["problem_id", "loophole", "test_func_name", "prompt", "phase"]
    for step, rows in evaluated.items():
        assert rows["step"].unique().to_list() == [int(step)]
        assert rows.select(asked).equals(final.select(asked))
    rates = metrics(run.path)[1]["data"]
    assert rates["eval/no_hint/correct"] == (
        evaluated["00002"].filter(loophole="no_hint")["gt_pass"].mean()
    )


def test_it_takes_the_unbroken_runs_steps_to_the_bit(run, unbroken):
    for step in ("00001", "00002"):
        first, second = (
            pl.read_parquet(folder / "rollouts" / f"{step}.parquet").drop("run")
            for folder in (unbroken, run.path)
        )
        if not first["response"].equals(second["response"]):
            pytest.skip(f"vLLM sampled other responses in step {step}: docs/branches.md")
        assert first.equals(second)
    for one, other in zip(metrics(unbroken), metrics(run.path), strict=True):
        for name, value in one["data"].items():
            assert name.startswith(APART) or value == other["data"][name], name
    final = [load_file(folder / "ckpt" / "model.safetensors") for folder in (unbroken, run.path)]
    assert all(torch.equal(w, final[1][name]) for name, w in final[0].items())
