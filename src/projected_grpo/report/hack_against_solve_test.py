import pytest

from projected_grpo import runs
from projected_grpo.report.compare import gather
from projected_grpo.report.hack_against_solve import figure, front
from projected_grpo.testing.run_folders import add, labels


def test_a_run_is_a_dot_and_an_arm_a_mark_at_its_runs_mean(tmp_path):
    add(tmp_path, "base", 1, (4, 4, 4), role="reference")
    add(tmp_path, "base", 2, (2, 2, 2), role="reference", solves=[labels(0, 4, 4)] * 3)
    (axes,) = figure(gather(runs.find(tmp_path))).axes
    dots, mark = axes.collections
    assert dots.get_offsets().tolist() == [[50, 100], [100, 50]]
    assert mark.get_offsets().tolist() == [[75, 75]]


def test_runs_that_were_not_evaluated_have_no_figure(tmp_path):
    run = add(tmp_path, "base", 1, (4, 4, 4), role="reference")
    (run.path / "eval.parquet").unlink()
    assert figure(gather(runs.find(tmp_path))) is None


@pytest.mark.parametrize(
    ("beside", "best"),
    [
        ((60.0, 90.0), ["a", "b"]),
        ((60.0, 50.0), ["b"]),
        ((50.0, 90.0), ["a"]),
        ((40.0, 50.0), ["a"]),
        ((50.0, 10.0), ["b"]),
        ((50.0, 50.0), ["a", "b"]),
    ],
)
def test_the_front_leaves_out_what_another_beats_in_one_and_equals_in_the_other(beside, best):
    assert front({"a": (50.0, 50.0), "b": beside}) == best
