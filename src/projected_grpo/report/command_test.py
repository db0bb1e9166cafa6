import re

import polars as pl
import pytest
from matplotlib import image

from projected_grpo import runs
from projected_grpo.cli import Refusal
from projected_grpo.report import command
from projected_grpo.report.compare import gather
from projected_grpo.report.curves import band
from projected_grpo.report.tables import behaviour_rows, loophole_rows, main_rows
from projected_grpo.testing.run_folders import labels, make_run

RISING = [labels(1, 4, 8), labels(3, 3, 8), labels(6, 2, 8)]
FLAT = [labels(1, 4, 8), labels(1, 4, 8), labels(1, 5, 8)]
METRICS = [
    {
        "actor/constraint/cos_pre": 0.2,
        "actor/constraint/leak": 0.1 * step,
        "actor/constraint/seconds": 0.5,
    }
    for step in (1, 2, 3)
]


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """vanilla hacks 3/4, 2/4, 4/4 of its answers; project 1/4, 0/4, 3/4; both solve the same."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROJECTED_GRPO_COMMIT", "feedbeef0123")
    solves = [labels(0, 1, 4), labels(0, 2, 4), labels(0, 3, 4)]
    for seed in (1, 2):
        make_run(
            tmp_path / "outputs",
            "vanilla",
            seed,
            train=RISING,
            hacks=[labels(n, 0, 4) for n in (3, 2, 4)],
            solves=solves,
        )
        make_run(
            tmp_path / "outputs",
            "project",
            seed,
            train=FLAT,
            hacks=[labels(n, 0, 4) for n in (1, 0, 3)],
            solves=solves,
            metrics=METRICS,
            config={"where": "gradient"},
            v_hack={"layer": 20, "auroc": 0.97123, "file": "/elsewhere/v"},
        )
    return tmp_path / "outputs"


def test_the_main_table_holds_the_rates_their_intervals_and_the_difference(outputs):
    vanilla, project = main_rows(gather(runs.find(outputs)))
    assert vanilla == {
        "arm": "vanilla (warm-started)",
        "seeds": "1,2",
        "n": "24",
        "strict %": "75.0 [55.1, 88.0]",
        "loose %": "75.0 [55.1, 88.0]",
        "solve %": "50.0 [31.4, 68.6]",
        "Δ strict": "",
        "Δ solve": "",
        "commit": "feedbeef01",
    }
    assert project["strict %"] == "33.3 [18.0, 53.3]"
    assert project["Δ strict"].startswith("-41.7 [-50.0, -25.0]")
    assert project["Δ solve"] == "+0.0 [-]"


def test_the_second_table_holds_onset_and_the_constraints_measurements(outputs):
    vanilla, project = behaviour_rows(gather(runs.find(outputs)))
    assert vanilla == {
        "arm": "vanilla",
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


def test_a_seed_that_vanilla_lacks_is_left_out_of_the_difference_and_said(outputs):
    make_run(
        outputs,
        "project",
        3,
        train=FLAT,
        hacks=[labels(4, 0, 4)] * 3,
        solves=[labels(0, 4, 4)] * 3,
        config={"where": "gradient"},
    )
    project = main_rows(gather(runs.find(outputs)))[1]
    assert project["seeds"] == "1,2,3"
    assert project["Δ strict"] == "-41.7 [-50.0, -25.0] seeds 1,2"


def test_without_a_vanilla_the_difference_is_refused_not_invented(outputs):
    rows = main_rows(gather([run for run in runs.find(outputs) if run.arm == "project"]))
    assert rows[0]["Δ strict"] == "no vanilla with its seed"


def test_further_loopholes_get_a_table_of_their_own(outputs):
    assert loophole_rows(gather(runs.find(outputs))) == []
    for run in runs.find(outputs):
        rows = pl.read_parquet(run.path / "eval.parquet")
        aware = rows.filter(pl.col("loophole") == "no_hint").with_columns(
            loophole=pl.lit("overwrite_tests_aware")
        )
        pl.concat([rows, aware]).write_parquet(run.path / "eval.parquet")
    rows = loophole_rows(gather(runs.find(outputs)))
    assert [row["loophole"] for row in rows] == ["overwrite_tests", "overwrite_tests_aware"]
    assert rows[1]["project strict %"] == "0.0 [0.0, 13.8]"


def test_the_report_prints_a_table_writes_a_readable_png_and_a_journal_entry(outputs, capsys):
    command.main([])
    out = capsys.readouterr().out
    assert "33.3 [18.0, 53.3]" in out
    assert "training steps: 3" in out
    picture = image.imread(outputs / "demo" / "curves.png")
    assert picture.shape[1] > 1000 and 0.005 < (picture[..., :3] < 0.9).any(axis=-1).mean() < 0.9
    assert (
        "| project (warm-started)" in (outputs.parent / "docs" / "RESEARCH_JOURNAL.md").read_text()
    )


def test_the_band_is_lowest_to_highest_seed_and_wilsons_for_one_seed(outputs):
    train = gather(runs.find(outputs)).train
    project = train.filter(arm="project", seed=1)
    assert band(project, "strict").row(0) == pytest.approx((1, 12.5, 2.242, 47.09), abs=0.01)
    mixed = project.vstack(train.filter(arm="vanilla", seed=2))
    assert band(mixed, "strict").rows() == [
        (1, 12.5, 12.5, 12.5),
        (2, 25.0, 12.5, 37.5),
        (3, 43.75, 12.5, 75.0),
    ]


def test_groups_stand_in_one_table_and_are_never_compared(outputs, capsys):
    make_run(
        outputs,
        "project",
        1,
        group="other",
        model="qwen3-4b",
        warm_started=False,
        train=FLAT,
        hacks=[labels(0, 0, 4)],
        solves=[labels(0, 1, 4)],
    )
    command.main(["journal=none", "plot=figures/curves.png"])
    out = capsys.readouterr().out
    assert re.search(r"other +project +1 +4 +0\.0 \[0\.0, 49\.0\].*no vanilla with its seed", out)
    assert re.search(r"other +qwen3-4b ", out)
    assert sorted(file.name for file in (outputs.parent / "figures").iterdir()) == [
        "curves-demo.png",
        "curves-other.png",
    ]
    assert not (outputs.parent / "docs").exists()


def test_mixed_runs_in_a_group_leave_nothing_written(outputs):
    make_run(
        outputs,
        "random",
        1,
        model="qwen3-4b",
        train=FLAT,
        hacks=[labels(0, 0, 4)] * 3,
        solves=[labels(0, 1, 4)] * 3,
    )
    with pytest.raises(Refusal, match="runs of demo cannot be compared: model differs"):
        command.main([])
    assert not (outputs.parent / "docs").exists() and not (outputs / "demo" / "curves.png").exists()


def test_unfinished_and_unevaluated_runs_stay_out(outputs):
    runs.find(outputs)[0].finish("failed")
    (outputs / "demo" / "vanilla-s2" / "eval.parquet").unlink()
    assert [[run.name for run in group] for group in command.reportable(outputs)] == [
        ["demo/project-s2", "demo/vanilla-s1"]
    ]


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["nowhere"], "no folder of runs at nowhere or outputs/nowhere"),
        (["empty"], "no finished and evaluated runs under empty"),
        (["plot=x.pdf"], "expected a name that ends in .png"),
        (["jurnal=x"], "unknown argument 'jurnal'"),
    ],
)
def test_bad_input_is_refused(outputs, argv, line):
    (outputs.parent / "empty").mkdir()
    with pytest.raises(Refusal, match=line):
        command.main(argv)
