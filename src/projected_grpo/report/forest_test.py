import pytest

from projected_grpo import runs
from projected_grpo.report.compare import gather
from projected_grpo.report.forest import figure
from projected_grpo.report.outcomes import contrasts
from projected_grpo.testing.run_folders import add, labels


def forest(root, runs_an_arm: int):
    """Of base, two treatments and a control; U in eighths: base 6, weak 5, strong 1, null 4."""
    arms = {
        "base": (6, {"role": "reference"}),
        "a-weak": (5, {}),
        "b-strong": (1, {}),
        "strong-null": (4, {"control_of": "b-strong"}),
    }
    for arm, (hacks, role) in arms.items():
        for seed in range(runs_an_arm):
            train = [labels(hacks + seed % 2, 0, 8)] * 2
            add(root, arm, seed, (1, 0, 0), train=train, **role)
    comparison = gather(runs.find(root))
    (axes,) = figure(comparison).axes
    return comparison, axes


def names(axes) -> list[str]:
    return [text.get_text() for text in axes.get_yticklabels()]


def test_the_largest_reduction_stands_first_and_a_control_under_its_treatment(tmp_path):
    _, axes = forest(tmp_path, 2)
    assert names(axes) == ["base", "b-strong", "control: strong-null", "a-weak"]


def test_every_run_is_a_dot_at_its_distance_from_the_references_mean(tmp_path):
    _, axes = forest(tmp_path, 2)
    dots = [marks.get_offsets() for marks in axes.collections if len(marks.get_offsets()) == 2]
    found = [[float(x) for x, _ in own] for own in dots]
    assert found == [[-6.25, 6.25], [-68.75, -56.25], [-31.25, -18.75], [-18.75, -6.25]]


def test_intervals_are_those_of_the_tests_over_runs(tmp_path):
    comparison, axes = forest(tmp_path, 4)
    _, *bars = axes.lines
    effects = {one.arm: one.effects["U"] for one in contrasts(comparison) if one.other == "base"}
    expected = [effects[arm] for arm in ("b-strong", "strong-null", "a-weak")]
    for bar, effect in zip(bars, expected, strict=True):
        assert list(bar.get_xdata()) == pytest.approx([100 * effect.low, 100 * effect.high])


def test_where_runs_are_too_few_for_a_test_no_interval_is_drawn_and_no_p_written(tmp_path):
    _, axes = forest(tmp_path, 3)
    (zero,) = axes.lines
    assert set(zero.get_xdata()) == {0}
    assert [text.get_text() for text in axes.texts] == ["-62.5", "-25.0", "-12.5"]


def test_without_a_reference_there_is_no_forest(tmp_path):
    add(tmp_path, "project", 1, (1, 0, 0))
    assert figure(gather(runs.find(tmp_path))) is None
