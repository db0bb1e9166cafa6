"""Whole steps by the training command, which several files make claims about."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from projected_grpo.testing.fp32 import FP32

READS = Path(__file__).with_name("config_reads")


class Step(NamedTuple):
    """run: a run's folder after its one step. reads: keys of its config that were read."""

    run: Path
    reads: set[str]


@pytest.fixture(scope="session")
def steps(tmp_path_factory) -> dict[str, Step]:
    """With our short cuts (true) and on the own paths of verl and vLLM (false)."""
    root = tmp_path_factory.mktemp("steps")
    outputs = root / "seed=1"
    taken = {}
    for fast in ("true", "false"):
        command = [sys.executable, "-m", "projected_grpo.train", "scale=tiny", f"fast={fast}"]
        command += [f"group=fast-{fast}", f"outputs='{outputs}'", "eval.n=0"]
        command += ["trainer.total_training_steps=1", *FP32]
        path = f"{READS}:{os.environ.get('PYTHONPATH', '')}"
        env = os.environ | {"CONFIG_READS": str(root / fast), "PYTHONPATH": path}
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, env=env)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        files = (root / fast).iterdir()
        reads = {key for file in files for key in file.read_text().splitlines()}
        taken[fast] = Step(outputs / f"fast-{fast}" / "vanilla-s1", reads)
    return taken
