import json

import pytest
from matplotlib import image

from projected_grpo import runs
from projected_grpo.report import command, dose_law, dose_law_plot
from projected_grpo.report.compare import Comparison, gather
from projected_grpo.report.compare_test import branch
from projected_grpo.testing.run_folders import labels, make_run

N = 64
EVALUATED = {"hacks": [labels(1, 0, 4)], "solves": [labels(0, 1, 4)]}
# A step before is at 1 of 64, so that one growth is in the lowest band and the next in the middle.
SLOW, FAST = [1, 1, 2, 2], [1, 2, 6, 16]


def add(root, arm, seed, hacks, dose=None, **other) -> None:
    logged = []
    for k in hacks:
        data = {"labels/blatant": k / N, "labels/kind/empty": k}
        if dose is not None:
            data |= {"actor/hold/gain": 2.0, "actor/hold/gain_taken": 2 * dose}
        logged.append(data)
    train = [labels(k, 10, N) for k in hacks]
    make_run(root, arm, seed, train=train, metrics=logged, **EVALUATED, **other)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("PROJECTED_GRPO_COMMIT", "feedbeef0123")
    for seed in (1, 2, 3, 4):
        add(tmp_path, "base", seed, FAST, role="reference")
        add(tmp_path, "kept", seed, SLOW, dose=0.75)
    return tmp_path


def reported(root) -> Comparison:
    return gather(runs.find(root))


def test_the_law_stands_by_form_and_band_with_the_dose_of_each_arm(root):
    row = dose_law.law_rows(reported(root))[0]
    assert (row["form"], row["rate before"], row["runs"]) == ("blatant", "0.4 to 2 %", "8")
    assert row["dose of each arm"] == "base 0.00, kept 0.75"
    # From 2 to 6 of 64, and twice from 1 to 2 or not at all, half a hack added.
    assert float(row["slope"]) > 0 and float(row["p"]) < 0.05


def test_the_dose_in_force_stands_by_phase(root):
    (row,) = dose_law.phase_rows(reported(root))
    assert (row["arm"], row["steps"], row["dose"], row["took off"]) == (
        "kept",
        "1 to 4",
        "0.75",
        "0 of 4",
    )
    assert row["empty"] == "-"


def test_an_arm_without_a_dose_is_left_out_by_name(root):
    add(root, "silent", 1, SLOW)
    comparison = reported(root)
    (legend,) = dose_law.legend([comparison])
    assert "Dose 0, for nothing is taken: base.\n" in legend
    assert legend.endswith("no dose was logged: silent.")
    assert "silent" not in str(dose_law.law_rows(comparison) + dose_law.phase_rows(comparison))


def test_a_report_of_runs_that_logged_a_dose_holds_tables_and_figure(root, capsys):
    command.main([str(root), f"journal={root}/J.md"])
    printed, entry = capsys.readouterr().out, (root / "J.md").read_text()
    for text in (printed, entry):
        assert "base 0.00, kept 0.75" in text and "Dose law: " in text
    height, width, _ = image.imread(root / "demo/curves-dose-law.png").shape
    assert height > 300 and width > 300


def test_a_figure_has_a_dot_a_run_that_its_arms_colour_and_shape_tell(root):
    panel = dose_law_plot.figure(reported(root)).axes[0]
    base, kept = panel.collections
    assert [len(dots.get_offsets()) for dots in (base, kept)] == [4, 4]
    assert base.get_offsets()[0][0] == 1 and kept.get_offsets()[0][0] == 0.25
    assert list(base.get_facecolor()[0]) != list(kept.get_facecolor()[0])
    assert len(base.get_paths()[0].vertices) != len(kept.get_paths()[0].vertices)


def test_runs_that_logged_none_have_no_tables_and_no_figure(tmp_path, capsys):
    add(tmp_path, "base", 1, FAST, role="reference")
    command.main([str(tmp_path), "journal=none"])
    assert "ose law" not in capsys.readouterr().out
    assert not (tmp_path / "demo/curves-dose-law.png").exists()


def test_doses_of_branch_points_stand_by_the_step_since_the_branch(tmp_path):
    for group, step in (("points-1", 7), ("points-2", 9)):
        add_branch(tmp_path, group, step)
    (row,) = dose_law.phase_rows(gather(runs.find(tmp_path)))
    assert (row["steps"], row["dose"]) == ("1 to 4", "0.75")


def add_branch(root, group: str, step: int) -> None:
    logged = [{"labels/blatant": 0, "actor/hold/gain": 1, "actor/hold/gain_taken": 0.75}] * 4
    run = branch(root, "kept", 1, step, group=group, metrics=logged, train=[labels(0, 1, 4)] * 4)
    file = run.path / "metrics.jsonl"
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    moved = [json.dumps({**entry, "step": entry["step"] + step}) for entry in entries]
    file.write_text("\n".join(moved))
