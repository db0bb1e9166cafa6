from projected_grpo import runs
from projected_grpo.report.compare import gather
from projected_grpo.report.curves import PALETTE, PANELS, SURVIVAL, figure, styles
from projected_grpo.testing.run_folders import labels, make_run

RISING = [labels(1, 4, 8), labels(3, 3, 8), labels(6, 2, 8)]
FLAT = [labels(1, 4, 8), labels(1, 4, 8), labels(1, 5, 8)]
EVAL = {"hacks": [labels(1, 0, 4)], "solves": [labels(0, 1, 4)]}


def test_every_run_is_a_thin_line_and_an_arms_mean_a_thick_one(tmp_path):
    make_run(tmp_path, "project", 1, train=FLAT, **EVAL)
    make_run(tmp_path, "project", 2, train=RISING, **EVAL)
    blatant, *_ = figure(gather(runs.find(tmp_path))).axes
    drawn = [list(line.get_ydata()) for line in blatant.lines]
    assert drawn == [[12.5, 12.5, 12.5], [12.5, 37.5, 75.0], [12.5, 25.0, 43.75]]
    widths = [line.get_linewidth() for line in blatant.lines]
    assert widths[0] == widths[1] < widths[2]


def test_survival_falls_where_a_run_takes_off_and_stays_where_one_does_not(tmp_path):
    make_run(tmp_path, "project", 1, train=FLAT, **EVAL)
    make_run(tmp_path, "project", 2, train=RISING, **EVAL)
    *_, survival = figure(gather(runs.find(tmp_path))).axes
    (line,) = survival.lines
    assert list(line.get_xdata()) == [1, 2, 3, 3]
    assert list(line.get_ydata()) == [100, 50, 50, 50]


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


def test_blatant_hacks_solve_rate_and_survival_are_drawn_in_this_order(tmp_path):
    weak = [labels(1, 4, 8, weak=2)] * 3
    make_run(tmp_path, "base", 1, role="reference", train=weak, **EVAL)
    axes = figure(gather(runs.find(tmp_path))).axes
    assert [ax.get_title(loc="left") for ax in axes] == [*PANELS.values(), SURVIVAL]
    assert [ax.lines[-1].get_ydata()[0] for ax in axes] == [12.5, 50, 100]


def test_the_legend_shows_every_arm_with_its_line_whatever_it_is_called(tmp_path):
    for arm, role in {"_base": "reference", "007": "treatment"}.items():
        make_run(tmp_path, arm, 1, role=role, train=FLAT, **EVAL)
    comparison = gather(runs.find(tmp_path))
    (legend,) = figure(comparison).legends
    assert [text.get_text() for text in legend.get_texts()] == ["_base (1 run)", "007 (1 run)"]
    shown = [(line.get_color(), line.get_linestyle()) for line in legend.get_lines()]
    assert shown == list(styles(comparison).values())
