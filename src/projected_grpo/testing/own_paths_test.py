"""A whole step with our short cuts and one on the own paths of verl and vLLM, by the command."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("own_paths")
    for fast in ("true", "false"):
        command = [sys.executable, "-m", "projected_grpo.train", "scale=tiny", f"fast={fast}"]
        command += [f"group={fast}", f"outputs={root}", "eval.n=0"]
        command += ["trainer.total_training_steps=1"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return {fast: root / fast / "vanilla-s1" for fast in ("true", "false")}


def step(run: Path) -> dict[str, float]:
    return json.loads((run / "metrics.jsonl").read_text())["data"]


def responses(run: Path) -> list[str]:
    return pl.read_parquet(run / "rollouts/00001.parquet")["response"].to_list()


def test_both_sample_the_same_responses(runs):
    assert responses(runs["true"]) == responses(runs["false"])


def test_both_take_the_same_step(runs):
    fast, own = [step(run)["actor/grad_norm"] for run in (runs["true"], runs["false"])]
    assert fast == pytest.approx(own, rel=1e-2)
