import pytest

from projected_grpo import runs
from projected_grpo.report.compare import gather
from projected_grpo.report.curves import PALETTE, PANELS, band, figure, styles
from projected_grpo.testing.run_folders import labels, make_run

RISING = [labels(1, 4, 8), labels(3, 3, 8), labels(6, 2, 8)]
FLAT = [labels(1, 4, 8), labels(1, 4, 8), labels(1, 5, 8)]
EVAL = {"hacks": [labels(1, 0, 4)], "solves": [labels(0, 1, 4)]}


def test_the_band_is_lowest_to_highest_seed_and_wilsons_for_one_seed(tmp_path):
    make_run(tmp_path, "project", 1, train=FLAT, **EVAL)
    make_run(tmp_path, "base", 2, train=RISING, **EVAL)
    train = gather(runs.find(tmp_path)).train
    project = train.filter(arm="project")
    assert band(project, "strict").row(0) == pytest.approx((1, 12.5, 2.242, 47.09), abs=0.01)
    mixed = project.vstack(train.filter(arm="base"))
    assert band(mixed, "strict").rows() == [
        (1, 12.5, 12.5, 12.5),
        (2, 25.0, 12.5, 37.5),
        (3, 43.75, 12.5, 75.0),
    ]


def test_colours_follow_roles_and_controls_are_dashed_in_their_treatments_colour(tmp_path):
    arms = {
        "limit": {"role": "ceiling"},
        "base": {"role": "reference"},
        "one": {},
        "one-null": {"control_of": "one"},
        "one-other": {"control_of": "one"},
        "two": {},
        "two-null": {"control_of": "two"},
        "lonely": {"control_of": "elsewhere"},
    }
    for arm, role in arms.items():
        make_run(tmp_path, arm, 1, **role, train=FLAT, **EVAL)
    assert styles(gather(runs.find(tmp_path))) == {
        "limit": ("#888888", "-"),
        "base": ("#000000", "-"),
        "one": (PALETTE[0], "-"),
        "one-null": (PALETTE[0], "--"),
        "one-other": (PALETTE[0], ":"),
        "two": (PALETTE[1], "-"),
        "two-null": (PALETTE[1], "--"),
        "lonely": (PALETTE[2], "--"),
    }


def test_blatant_strict_and_solve_rate_are_drawn_in_this_order(tmp_path):
    weak = [labels(1, 4, 8, weak=2)] * 3
    make_run(tmp_path, "base", 1, role="reference", train=weak, **EVAL)
    blatant, strict, solve = figure(gather(runs.find(tmp_path))).axes
    titles = [ax.get_title(loc="left") for ax in (blatant, strict, solve)]
    assert titles == list(PANELS.values())
    rates = [ax.lines[-1].get_ydata()[0] for ax in (blatant, strict, solve)]
    assert rates == [12.5, 37.5, 50]


def test_the_legend_shows_every_arm_with_its_line_whatever_it_is_called(tmp_path):
    for arm, role in {"_base": "reference", "007": "treatment"}.items():
        make_run(tmp_path, arm, 1, role=role, train=FLAT, **EVAL)
    comparison = gather(runs.find(tmp_path))
    (legend,) = figure(comparison).legends
    assert [text.get_text() for text in legend.get_texts()] == ["_base (1 seed)", "007 (1 seed)"]
    shown = [(line.get_color(), line.get_linestyle()) for line in legend.get_lines()]
    assert shown == list(styles(comparison).values())
