"""A run that fails in the middle of things: what its user sees."""

import subprocess
import sys

from projected_grpo import runs


def test_a_failed_run_shows_the_end_of_its_log_and_its_path_and_no_more(tmp_path):
    command = [sys.executable, "-m", "projected_grpo.train", "scale=tiny", f"outputs={tmp_path}"]
    # verl refuses it, once the run's own process reads it
    command += ["group=failed", "actor_rollout_ref.actor.loss_agg_mode=nonsense", "fast=false"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    run = runs.resolve("failed/vanilla-s1", tmp_path)
    assert done.returncode == 1 and run.manifest["status"] == "failed"
    introduction = [line.split()[0] for line in done.stdout.splitlines()]
    assert introduction == ["arm", "model", "data", "folder"]
    *lines, last = done.stderr.splitlines()
    assert last == f"projected_grpo: failed with status 1; its log: {run.path / 'log.txt'}"
    assert len(lines) == 20
    assert "  ValueError('Invalid loss_agg_mode: nonsense')" in lines
    log = (run.path / "log.txt").read_text().splitlines()
    assert [line.strip() for line in lines] == [line.strip() for line in log[-20:]]
