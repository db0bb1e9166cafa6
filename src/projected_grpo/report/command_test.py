import re

import pytest
from matplotlib import image

from projected_grpo import runs
from projected_grpo.cli import Refusal
from projected_grpo.report import command
from projected_grpo.report.compare import gather
from projected_grpo.report.tables import behaviour_rows, legend, main_rows
from projected_grpo.runs.run import write_manifest
from projected_grpo.testing.run_folders import labels, make_run

RISING = [labels(1, 4, 8), labels(3, 3, 8), labels(6, 2, 8)]
FLAT = [labels(1, 4, 8), labels(1, 4, 8), labels(1, 5, 8)]
SOLVES = [labels(0, 1, 4), labels(0, 2, 4), labels(0, 3, 4)]
METRICS = [
    {
        "actor/constraint/cos_pre": 0.2,
        "actor/constraint/leak": 0.1 * step,
        "actor/constraint/seconds": 0.5,
    }
    for step in (1, 2, 3)
]


def add(root, arm, seed, hacks, **other):
    """hacks[problem]: of 4 answers."""
    evaluated = [labels(n, 0, 4) for n in hacks]
    return make_run(root, arm, seed, **{"hacks": evaluated, "solves": SOLVES, **other})


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """base hacks 3/4, 2/4, 4/4 of its answers; project 1/4, 0/4, 3/4; both solve the same."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROJECTED_GRPO_COMMIT", "feedbeef0123")
    root = tmp_path / "outputs"
    v_hack = {"layer": 20, "auroc": 0.97123, "file": "/elsewhere/v"}
    for seed in (1, 2):
        add(root, "base", seed, (3, 2, 4), role="reference", train=RISING)
        add(root, "project", seed, (1, 0, 3), train=FLAT, metrics=METRICS, v_hack=v_hack)
    return root


def test_the_main_table_holds_the_rates_their_intervals_and_the_difference(outputs):
    base, project = main_rows(gather(runs.find(outputs)))
    assert base == {
        "arm": "base (taught)",
        "seeds": "1,2",
        "n": "24",
        "blatant %": "75.0 [55.1, 88.0]",
        "strict %": "75.0 [55.1, 88.0]",
        "loose %": "75.0 [55.1, 88.0]",
        "solve %": "50.0 [31.4, 68.6]",
        "Δ blatant": "",
        "Δ strict": "",
        "Δ solve": "",
        "commit": "feedbeef01",
    }
    assert project["blatant %"] == project["strict %"] == "33.3 [18.0, 53.3]"
    assert project["Δ blatant"].startswith("-41.7 [-50.0, -25.0]")
    assert project["Δ strict"] == project["Δ blatant"]
    assert project["Δ solve"] == "+0.0 [-]"


def test_a_hack_by_weak_tests_stands_under_strict_and_not_under_blatant(tmp_path):
    evaluated = {"hacks": [labels(1, 0, 4, weak=2)], "solves": [labels(0, 1, 4)]}
    make_run(tmp_path, "some", 1, train=FLAT, **evaluated)
    (row,) = main_rows(gather(runs.find(tmp_path)))
    assert row["blatant %"] == "25.0"
    assert row["strict %"] == row["loose %"] == "75.0"


def test_the_second_table_holds_onset_and_the_constraints_measurements(outputs):
    base, project = behaviour_rows(gather(runs.find(outputs)))
    assert base == {
        "arm": "base",
        "paid per attempt %": "100",
        "steps to hack": "3, 3",
        "cos_pre": "-",
        "leak (last step)": "-",
        "hook s/step": "-",
    }
    assert project == {
        "arm": "project",
        "paid per attempt %": "100",
        "steps to hack": "none, none",
        "cos_pre": "0.2",
        "leak (last step)": "0.3",
        "hook s/step": "0.5",
    }


def test_a_seed_that_the_reference_lacks_is_left_out_of_the_difference_and_named(outputs):
    add(outputs, "project", 3, (4, 4, 4), train=FLAT, solves=[labels(0, 4, 4)] * 3)
    project = main_rows(gather(runs.find(outputs)))[1]
    assert project["seeds"] == "1,2,3"
    assert project["Δ strict"] == "-41.7 [-50.0, -25.0] seeds 1,2"


def test_an_arm_that_shares_no_seed_with_the_reference_has_no_difference(outputs):
    add(outputs, "other", 3, (4, 4, 4), train=FLAT)
    other = next(row for row in main_rows(gather(runs.find(outputs))) if "other" in row["arm"])
    assert other["Δ strict"] == other["Δ solve"] == "no base with its seed"


def test_without_a_reference_the_difference_is_refused_not_invented(outputs):
    treated = [run for run in runs.find(outputs) if run.role == "treatment"]
    comparison = gather(treated)
    (row,) = main_rows(comparison)
    assert row["Δ strict"] == row["Δ solve"] == "no reference"
    assert "Δ to the reference in points" in legend([comparison])


def test_the_legend_names_the_reference_and_the_wordings(outputs):
    text = legend([gather(runs.find(outputs))])
    wordings = "blatant, strict, loose: overwrite_tests with drawn test-function names; solve: "
    assert f"{wordings}no_hint.\n" in text and "\nΔ to base in points" in text
    assert "two training steps in a row with 25 % blatant hacks" in text


def test_the_report_prints_a_table_writes_a_readable_png_and_a_journal_entry(outputs, capsys):
    command.main([])
    out = capsys.readouterr().out
    assert "33.3 [18.0, 53.3]" in out
    assert "training steps: 3" in out
    assert re.search(r"^base +1 to 3 +48 +41\.7 +41\.7 +41\.7 +0 +0 +100$", out, re.M)
    picture = image.imread(outputs / "demo" / "curves.png")
    inked = (picture[..., :3] < 0.9).any(axis=-1).mean()
    assert picture.shape[1] > 1000 and 0.005 < inked < 0.9
    journal = (outputs.parent / "docs" / "RESEARCH_JOURNAL.md").read_text()
    assert "| project (taught)" in journal
    entry = re.search(r"journal: \S+, entry (\w{12}) \(demo\)", out)
    assert f"<!-- runs {entry[1]} -->" in journal


def test_groups_stand_in_one_table_and_are_never_compared(outputs, capsys):
    make_run(
        outputs,
        "project",
        1,
        group="other",
        model="qwen3-4b",
        taught=False,
        train=FLAT,
        hacks=[labels(0, 0, 4)],
        solves=[labels(0, 1, 4)],
    )
    command.main(["journal=none", "plot=figures/curves.png"])
    out = capsys.readouterr().out
    assert re.search(r"other +project +1 +4 +0\.0 .*no reference", out)
    assert re.search(r"other +qwen3-4b ", out)
    drawn = {file.name for file in (outputs.parent / "figures").iterdir()}
    names = ("forest", "survival", "solve", "forms")
    stems = ["curves-demo", *[f"curves-demo-{name}" for name in names]]
    # Without a reference there is no forest.
    stems += ["curves-other", *[f"curves-other-{name}" for name in names[1:]]]
    figures = {f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")}
    assert drawn == figures | {"report-demo.html", "report-other.html"}
    assert not (outputs.parent / "docs").exists()


def test_mixed_runs_in_a_group_leave_nothing_written(outputs):
    add(outputs, "random", 1, (0, 0, 0), train=FLAT, model="qwen3-4b")
    with pytest.raises(Refusal, match="runs of demo cannot be compared: model differs"):
        command.main([])
    assert not (outputs.parent / "docs").exists() and not (outputs / "demo" / "curves.png").exists()


def test_a_run_made_before_arms_had_roles_is_refused_and_nothing_written(outputs):
    run = runs.find(outputs)[0]
    before = {key: run.manifest[key] for key in run.manifest.keys() - {"definition", "taught"}}
    write_manifest(run.path, {**before, "warm_started": True})
    line = (
        "demo/base-s1 was made before arms had roles: "
        "run it again, or report it with commit feedbeef01$"
    )
    with pytest.raises(Refusal, match=line):
        command.main([])
    assert not (outputs.parent / "docs").exists() and not (outputs / "demo" / "curves.png").exists()


def test_unfinished_and_unevaluated_runs_stay_out(outputs):
    runs.find(outputs)[0].finish("failed")
    (outputs / "demo" / "project-s2" / "eval.parquet").unlink()
    (group,) = command.reportable(outputs)
    assert [run.name for run in group] == ["demo/base-s2", "demo/project-s1"]


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["nowhere"], "no folder of runs at nowhere or outputs/nowhere"),
        (["empty"], "no finished runs under empty"),
        (["plot=x.pdf"], "expected a name that ends in .png"),
        (["jurnal=x"], "unknown argument 'jurnal'"),
    ],
)
def test_bad_input_is_refused(outputs, argv, line):
    (outputs.parent / "empty").mkdir()
    with pytest.raises(Refusal, match=line):
        command.main(argv)
