from projected_grpo import runs
from projected_grpo.report.compare import gather
from projected_grpo.report.outcomes import by_run
from projected_grpo.report.survival_plot import figure
from projected_grpo.stats import outcomes, survival
from projected_grpo.testing.run_folders import labels, make_run

EVAL = {"hacks": [labels(1, 0, 4)], "solves": [labels(0, 1, 4)]}
QUIET, HACKING = labels(1, 4, 8), labels(4, 2, 8)
# Runs of six steps that hack from this one on, None: never.
STARTS = {"base": (2, 3, 3, 4), "project": (3, 5, None, None)}


def drawn(root):
    for arm, starts in STARTS.items():
        role = "reference" if arm == "base" else "treatment"
        for seed, start in enumerate(starts, 1):
            quiet = 6 if start is None else start - 1
            train = [QUIET] * quiet + [HACKING] * (6 - quiet)
            make_run(root, arm, seed, role=role, train=train, **EVAL)
    comparison = gather(runs.find(root))
    (axes,) = figure(comparison).axes
    return comparison, axes


def test_steps_and_heights_are_those_of_the_kaplan_meier_estimate(tmp_path):
    comparison, axes = drawn(tmp_path)
    curves = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    for arm, curve in zip(STARTS, curves, strict=True):
        times = outcomes.times(by_run(comparison).filter(arm=arm))
        steps, left = survival.kaplan_meier(times)
        assert list(curve.get_xdata()) == [1, *steps, 6]
        assert list(curve.get_ydata()) == [100, *(100 * left), 100 * left[-1]]


def test_a_run_that_did_not_take_off_has_a_tick_where_it_ended_and_no_other_has(tmp_path):
    _, axes = drawn(tmp_path)
    ticks = [line for line in axes.lines if line.get_marker() == "|"]
    assert [(*tick.get_xdata(), *tick.get_ydata()) for tick in ticks] == [(6, 50)]


def test_an_arm_is_named_at_the_end_of_its_line_with_how_many_took_off(tmp_path):
    _, axes = drawn(tmp_path)
    names = {text.get_text(): text.xy for text in axes.texts}
    assert names == {"base: 4 of 4 took off": (6, 0), "project: 2 of 4 took off": (6, 50)}
