import pytest

from projected_grpo import runs
from projected_grpo.cli import Refusal
from projected_grpo.report import command
from projected_grpo.report.compare import gather
from projected_grpo.report.compare_test import branch
from projected_grpo.report.outcomes import by_run, effect_rows, outcome_rows
from projected_grpo.testing.run_folders import labels, make_run

EVAL = {"hacks": [labels(1, 0, 4)], "solves": [labels(0, 1, 4)]}
HACKS = [labels(1, 1, 4), labels(2, 1, 4), labels(3, 1, 4)]
QUIET = [labels(0, 1, 4)] * 3


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """Six points, a run of each arm at each; base hacks more at every point, by another amount."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "outputs"
    for i in range(1, 7):
        more = {"group": f"assay-{i}", "source": f"assay-sources/base-s{1000 + i}"}
        steps = [labels(i, 1, 8)] * 3
        fewer = [labels(i - 1, 1, 8)] * 3
        branch(root, "base", i, 6 + i, role="reference", train=steps, **more)
        branch(root, "project", i, 6 + i, train=fewer, **more)
    return root


def text(out: str) -> str:
    return " ".join(out.split())


def test_an_arms_row_shows_every_runs_U_and_how_many_took_off(tmp_path):
    make_run(tmp_path, "base", 1, role="reference", train=HACKS, **EVAL)
    make_run(tmp_path, "base", 2, role="reference", train=QUIET, **EVAL)
    (row,) = outcome_rows(gather(runs.find(tmp_path)))
    assert row == {
        "arm": "base (taught)",
        "role": "reference",
        "runs": "2",
        "took off": "1 of 2",
        "at step": "1",
        "U": "25.0",
        "of each run": "50 0",
        "late": "25.0",
        "extinct": "0",
        "solve": "25.0",
        "solve of each run": "25 25",
    }


def test_runs_of_a_group_are_measured_over_the_steps_that_all_have(tmp_path):
    make_run(tmp_path, "base", 1, role="reference", train=HACKS[:1] * 20, **EVAL)
    long = HACKS[:1] * 18 + HACKS[2:] * 2
    make_run(tmp_path, "project", 1, train=HACKS[:1] * 18, **EVAL)
    make_run(tmp_path, "project", 2, train=long, **EVAL)
    assert by_run(gather(runs.find(tmp_path)))["U"].to_list() == [0.25, 0.25, 0.25]


def test_what_runs_do_after_a_constraint_was_lifted_is_in_no_outcome(tmp_path):
    lifted = [labels(1, 1, 4)] * 3 + [labels(4, 0, 4)] * 2
    make_run(tmp_path, "base", 1, role="reference", train=lifted, **EVAL)
    make_run(tmp_path, "project", 1, settings={"until": 3}, train=lifted, **EVAL)
    found = by_run(gather(runs.find(tmp_path)))
    assert found["U"].to_list() == [0.25, 0.25] and found["end"].to_list() == [3, 3]


def test_runs_without_an_evaluation_are_compared_by_what_they_did_in_training(tmp_path):
    for seed in range(1, 5):
        for arm, role, train in (("base", "reference", HACKS), ("project", None, QUIET)):
            run = make_run(tmp_path, arm, seed, role=role, train=train, **EVAL)
            (run.path / "eval.parquet").unlink()
    (group,) = command.reportable(tmp_path)
    (row,) = effect_rows(gather(group))
    assert row["Δ U"] == "-50.0" and row["p (U)"] == "0.029"
    assert "Δ solve" not in row
    assert "none" in command.text([gather(group)])


def solving(root, arm: str, correct: int, role: str | None = None, n: int = 4) -> None:
    """Runs that solve so many of forty samples, and one more every other of them."""
    for seed in range(1, n + 1):
        solves = [labels(0, correct + seed % 2, 40)]
        more = {"train": HACKS, "hacks": [labels(1, 0, 40)], "solves": solves}
        make_run(root, arm, seed, role=role, **more)


@pytest.mark.parametrize(
    ("correct", "found"), [(19, "equivalent"), (25, "not lower"), (17, "open"), (10, "lower")]
)
def test_solving_within_ten_points_of_the_reference_is_told_by_the_interval(
    tmp_path, correct, found
):
    solving(tmp_path, "base", 20, role="reference")
    solving(tmp_path, "project", correct)
    comparison = gather(runs.find(tmp_path))
    (row,) = effect_rows(comparison)
    assert row["solve within 10"] == found
    assert "Solve within 10: equivalent where" in command.text([comparison])


def test_where_too_few_runs_or_too_little_solving_can_tell_nothing_is_said_of_a_margin(tmp_path):
    for root, correct, n in ((tmp_path / "few", 20, 3), (tmp_path / "weak", 2, 4)):
        solving(root, "base", correct, role="reference", n=n)
        solving(root, "project", correct + 1, n=n)
        comparison = gather(runs.find(root))
        (row,) = effect_rows(comparison)
        assert "solve within 10" not in row and "Δ solve" in row
        assert "Solve within" not in command.text([comparison])


def test_arms_of_a_sweep_are_permuted_within_its_branch_points(sweep):
    (row,) = effect_rows(gather(runs.find(sweep)))
    # All six points agree: 2 of 64 relabellings. Over all runs at once p would be .6.
    assert row["p (U)"] == "0.031"
    assert row["Δ U"].startswith("-12.5 [")
    assert row["runs"] == "6 and 6"


def test_several_groups_make_one_table_with_steps_counted_from_the_branch(sweep, capsys):
    command.main(["assay-*", "journal=docs/J.md"])
    out = text(capsys.readouterr().out)
    assert "training steps: 3 after a branch" in out
    assert "project base 6 and 6 -12.5" in out
    assert "assay-sources/base-s1001@7, assay-sources/base-s1002@8" in out
    assert (sweep / "assay-curves.png").exists()
    page = (sweep.parent / "docs" / "J.md").read_text()
    assert page.count("\n## ") == 1 and " assay\n" in page


def test_a_sweeps_sources_are_left_out_of_its_table(sweep):
    make_run(sweep, "base", 1001, role="reference", group="assay-sources", train=HACKS, **EVAL)
    (together,) = command.chosen(["assay-*"])
    assert {run.group for run in together} == {f"assay-{i}" for i in range(1, 7)}


def test_groups_in_one_folder_stay_apart(sweep):
    assert len(command.chosen([str(sweep)])) == 6


def test_points_whose_arms_were_configured_differently_are_refused(sweep):
    more = {"group": "assay-7", "source": "assay-sources/base-s1007"}
    branch(sweep, "base", 7, 9, role="reference", train=HACKS, config={"lr": 0.1}, **more)
    with pytest.raises(Refusal, match=r"assay-1/base-s1 and assay-7/base-s7 differ in lr"):
        gather(runs.find(sweep))


def test_arms_stand_by_their_effect_each_treatment_before_its_controls(tmp_path):
    rates = {"base": 6, "a-weak": 5, "b-strong": 1, "strong-null": 7}
    roles = {"base": {"role": "reference"}, "strong-null": {"control_of": "b-strong"}}
    for arm, hacks in rates.items():
        train = [labels(hacks, 0, 8)] * 2
        make_run(tmp_path, arm, 1, **roles.get(arm, {}), train=train, **EVAL)
    comparison = gather(runs.find(tmp_path))
    arms = [row["arm"] for row in outcome_rows(comparison)]
    assert arms == [f"{arm} (taught)" for arm in ("base", "b-strong", "strong-null", "a-weak")]
    pairs = [(row["arm"], row["against"]) for row in effect_rows(comparison)]
    against_base = [("b-strong", "base"), ("strong-null", "base"), ("a-weak", "base")]
    assert pairs == [*against_base, ("b-strong", "strong-null")]
