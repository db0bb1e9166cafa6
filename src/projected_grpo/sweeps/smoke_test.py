"""The smallest study for real: training, interruption by the clock, going on, report."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    "GATE_SWEEP" not in os.environ, reason="runs of minutes: GATE_SWEEP=1 just fast-dev-run"
)


def local(root: Path) -> tuple[str, ...]:
    """Whether pueue's daemon is there or not."""
    return f"outputs={root}", "runner=local"


def said(module: str, *words: str) -> str:
    command = [sys.executable, "-m", f"projected_grpo.{module}", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_a_study_ends_in_a_report_and_is_not_run_twice(tmp_path):
    assert "4 of 4 runs done" in said("sweeps.command", "smoke", *local(tmp_path))
    lines = (tmp_path / "smoke" / "jobs.jsonl").read_text()
    assert "4 of 4 runs done" in said("sweeps.command", "smoke", *local(tmp_path))
    assert (tmp_path / "smoke" / "jobs.jsonl").read_text() == lines
    table = said("report.command", str(tmp_path / "smoke"), "journal=none")
    assert "shrunk" in table and "vanilla" in table


def test_arms_start_from_a_branch_point_whose_state_is_then_removed(tmp_path):
    assert "2 of 2 runs done" in said("sweeps.command", "smoke_branch", *local(tmp_path))
    assert not list(tmp_path.rglob("global_step_*"))
