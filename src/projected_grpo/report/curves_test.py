from projected_grpo import runs
from projected_grpo.report.compare import gather
from projected_grpo.report.curves import PANELS, figure
from projected_grpo.report.style import looks
from projected_grpo.report.survival_plot import TITLE
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


def test_blatant_hacks_solve_rate_and_survival_are_drawn_in_this_order(tmp_path):
    weak = [labels(1, 4, 8, weak=2)] * 3
    make_run(tmp_path, "base", 1, role="reference", train=weak, **EVAL)
    axes = figure(gather(runs.find(tmp_path))).axes
    assert [ax.get_title(loc="left") for ax in axes] == [*PANELS.values(), TITLE]
    assert [ax.lines[-1].get_ydata()[0] for ax in axes] == [12.5, 50, 100]


def test_the_legend_shows_every_arm_with_its_line_whatever_it_is_called(tmp_path):
    for arm, role in {"_base": "reference", "007": "treatment"}.items():
        make_run(tmp_path, arm, 1, role=role, train=FLAT, **EVAL)
    comparison = gather(runs.find(tmp_path))
    (legend,) = figure(comparison).legends
    assert [text.get_text() for text in legend.get_texts()] == ["_base (1 run)", "007 (1 run)"]
    lines = legend.get_lines()
    shown = [(line.get_color(), line.get_linestyle(), line.get_marker()) for line in lines]
    assert shown == [look[:3] for look in looks(comparison).values()]
