"""What a bench says of a model that it cannot take."""

import pytest

from projected_grpo.bench import step
from projected_grpo.cli import Refusal
from projected_grpo.testing import processes


@pytest.mark.parametrize("bench", ["hold", "hook", "refresh", "update"])
def test_a_model_that_is_not_there_is_one_line_and_starts_nothing(bench, tmp_path):
    done = processes.run(tmp_path, f"projected_grpo.bench.{bench}", str(tmp_path / "no-model"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "no-model" in done.stderr and not list(tmp_path.iterdir())


@pytest.mark.parametrize("bench", ["refresh", "update"])
def test_a_model_without_weights_is_one_line_and_starts_nothing(bench, tmp_path):
    for name in ("config.json", "tokenizer_config.json"):
        (tmp_path / name).write_text("{}")
    done = processes.run(tmp_path, f"projected_grpo.bench.{bench}", str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"{tmp_path} has no weights: make some" in done.stderr


@pytest.mark.parametrize("bench", ["refresh", "update"])
def test_ranks_among_which_the_samples_do_not_divide_are_one_line_and_start_nothing(
    bench, tmp_path
):
    done = processes.run(tmp_path, f"projected_grpo.bench.{bench}", str(tmp_path), "ranks=3")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "groups=16 of n=16 do not divide among 3 ranks" in done.stderr


def test_a_run_that_refuses_its_model_says_why_and_where_its_log_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refusal, match="the ours run failed .*no-model.*: see .*ours.log"):
        step.main(["model.path=no-model", "scale=tiny"])
