"""What `just diff` says of two runs."""

import polars as pl
import pytest

from projected_grpo.report import diff
from projected_grpo.testing.run_folders import labels, make_run


@pytest.fixture
def two_runs(tmp_path, monkeypatch):
    """Makes vanilla-s1 and vanilla-s2, whose metrics and first two steps are equal."""
    monkeypatch.chdir(tmp_path)

    def make(metrics: list[dict], config: dict):
        made = []
        for seed, logged, extra in ((1, [{"loss": 1.0}] * 2, {}), (2, metrics, config)):
            run = make_run(
                tmp_path / "outputs",
                "vanilla",
                seed,
                role="reference",
                train=[labels(1, 1, 4)] * 2,
                hacks=[labels(1, 0, 2)],
                solves=[labels(0, 1, 2)],
                metrics=logged,
                config=extra,
            )
            made.append(run)
        return made

    return make


def said(capsys, *options: str) -> list[str]:
    """The three parts: settings, metrics, rollouts."""
    diff.main(["vanilla-s1", "vanilla-s2", *options])
    return capsys.readouterr().out.strip().split("\n\n")


def respond(run, step: int, change) -> None:
    """Rewrite the responses of a step by `change`, an expression on them."""
    file = run.path / "rollouts" / f"{step}.parquet"
    pl.read_parquet(file).with_columns(response=change).write_parquet(file)


def test_equal_runs_of_two_seeds_differ_in_nothing(two_runs, capsys):
    two_runs([{"loss": 1.0}] * 2, {})
    assert said(capsys) == [
        "settings: equal",
        "metrics: equal at each of 2 steps",
        "rollouts: equal at each of 2 steps",
    ]


def test_a_setting_is_named_with_both_values(two_runs, capsys):
    two_runs([{"loss": 1.0}] * 2, {"lr": 0.1})
    settings = said(capsys)[0].splitlines()
    assert settings[0] == "settings: 1 differ"
    assert settings[-1].split() == ["lr", "1e-05", "0.1"]


def test_metrics_are_those_of_the_first_step_that_differs_without_its_clocks(two_runs, capsys):
    late = {"loss": 1.0, "timing_s/step": 9.0, "actor/perf/memory": 2.0, "hook/seconds": 1.0}
    two_runs([late, {"loss": 2.0, "new": 1.0}], {})
    metrics = said(capsys)[1].splitlines()
    assert metrics[0] == "metrics at step 2, the first to differ: 2 differ"
    assert [line.split() for line in metrics[-2:]] == [["new", "-", "1.0"], ["loss", "1.0", "2.0"]]


def test_of_many_rows_so_many_are_shown_as_asked_and_the_rest_is_counted(two_runs, capsys):
    two_runs([dict.fromkeys("abcde", 1.0)] * 2, {})
    metrics = said(capsys, "n=2")[1].splitlines()
    assert metrics[-1] == "(4 more: n=6)"


def test_the_first_response_that_differs_is_shown_from_where_it_parts(two_runs, capsys):
    _, other = two_runs([{"loss": 1.0}] * 2, {})
    respond(other, 2, pl.col("response").str.replace("Correct", "Corrupt"))
    lines = said(capsys)[2].splitlines()
    assert lines[0] == (
        "rollouts at step 2, the first to differ: 1 of 4 responses; "
        "that to mini/a (run_tests) from character 16 on:"
    )
    assert lines[1:] == ["  a 'ect\\n```'", "  b 'upt\\n```'"]


def test_other_prompts_are_said_instead_of_other_responses(two_runs, capsys):
    _, other = two_runs([{"loss": 1.0}] * 2, {})
    file = other.path / "rollouts" / "1.parquet"
    pl.read_parquet(file).with_columns(problem_id=pl.lit("mini/b")).write_parquet(file)
    assert said(capsys)[2] == (
        "rollouts at step 1, the first to differ: other prompts, 4 of 4 samples"
    )
