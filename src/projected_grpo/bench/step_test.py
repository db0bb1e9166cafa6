import json

import pytest

from projected_grpo.bench import step
from projected_grpo.cli import Refusal


def test_the_first_two_steps_are_left_out_of_the_medians(tmp_path):
    metrics = tmp_path / "metrics.jsonl"
    with metrics.open("w") as out:
        for i, seconds in enumerate((90.0, 50.0, 10.0, 30.0, 11.0)):
            out.write(json.dumps({"step": i, "data": {"timing_s/step": seconds}}) + "\n")
    assert step.summary(metrics)["step s"] == 11.0


def test_what_no_step_logged_is_no_number(tmp_path):
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_text(3 * '{"data": {"timing_s/step": 1.0}}\n')
    assert step.summary(metrics) == {"step s": 1.0}


def test_an_unknown_stack_is_refused_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refusal, match="only=theirs: expected one of ours, stock"):
        step.main(["only=theirs"])
    assert not list(tmp_path.iterdir())
