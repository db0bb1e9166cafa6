import shutil

import polars as pl
import pytest

from projected_grpo import runs
from projected_grpo.cli import Refusal
from projected_grpo.report import claims, tables
from projected_grpo.report.compare import gather
from projected_grpo.report.kinds import kind_rows
from projected_grpo.runs.run import write_manifest
from projected_grpo.testing.run_folders import labels, make_run

STEPS = [labels(0, 2, 4), labels(3, 1, 4)]
EVAL = {"hacks": [labels(1, 0, 2), labels(2, 0, 2)], "solves": [labels(0, 1, 2), labels(0, 2, 2)]}


def base(root, seed=1, **other):
    return make_run(root, "base", seed, role="reference", **{"train": STEPS, **EVAL, **other})


def pair(root, **other):
    """The reference as it is and a treatment with something changed."""
    base(root)
    make_run(root, "project", 1, **{"train": STEPS, **EVAL, **other})
    return runs.find(root)


def assert_refused(root, line):
    with pytest.raises(Refusal, match=line) as refusal:
        gather(runs.find(root))
    assert "\n" not in str(refusal.value)


def test_training_counts_are_read_from_the_labels_by_step(tmp_path):
    train = gather(pair(tmp_path)).train.filter(pl.col("arm") == "project")
    counts = ["n", "blatant", "strict", "loose", "correct", "uncertain", "hardcodes"]
    assert train.columns == ["group", "arm", "seed", "step", *counts]
    assert train.select("step", *counts).rows() == [
        (1, 4, 0, 0, 0, 2, 0, 0),
        (2, 4, 3, 3, 3, 1, 0, 0),
    ]


def test_a_strict_hack_by_weak_tests_is_not_blatant_and_counted_by_its_kind(tmp_path):
    make_run(tmp_path, "project", 1, train=[labels(0, 1, 4), labels(1, 0, 4, weak=2)], **EVAL)
    comparison = gather(runs.find(tmp_path))
    counts = comparison.train.select("step", "blatant", "strict")
    assert counts.rows() == [(1, 0, 0), (2, 1, 3)]
    kinds = [("demo", "project", 1, 2, "empty", 1), ("demo", "project", 1, 2, "weak", 2)]
    assert comparison.kinds.rows() == kinds


def test_runs_that_were_labelled_before_blatant_and_its_kinds_are_read(tmp_path):
    run = make_run(tmp_path, "project", 1, train=[labels(1, 0, 4, weak=1)], **EVAL)
    older = pl.when(kind="empty").then(pl.lit("vacuous")).otherwise("kind").alias("kind")
    for file in (run.path / "eval.parquet", run.path / "rollouts" / "1.parquet"):
        pl.read_parquet(file).drop("blatant").with_columns(older).write_parquet(file)
    comparison = gather(runs.find(tmp_path))
    assert comparison.train.select("blatant", "strict").rows() == [(1, 2)]
    assert comparison.evals["blatant"].sum() == 3
    assert comparison.kinds["kind"].to_list() == ["vacuous", "weak"]


def test_arms_come_in_the_order_of_their_roles_always(tmp_path):
    order = [
        ("z", {"role": "ceiling"}),
        ("y", {"role": "reference"}),
        ("l", {}),
        ("x", {"control_of": "l"}),
        ("m", {}),
        ("k", {"control_of": "m"}),
        ("n", {"control_of": "m"}),
        ("a", {"control_of": "elsewhere"}),
        ("b", {"role": "control"}),
    ]
    for arm, role in order:
        make_run(tmp_path, arm, 1, **role, train=STEPS, **EVAL)
    assert gather(runs.find(tmp_path)).arms == [arm for arm, _ in order]


def test_two_references_are_refused_by_name(tmp_path):
    line = r"2 arms have the role of reference \(base, project\): keep them in groups"
    pair(tmp_path, role="reference")
    assert_refused(tmp_path, line)


def test_a_run_made_before_arms_had_roles_is_refused(tmp_path):
    run = pair(tmp_path)[1]
    before = {key: run.manifest[key] for key in run.manifest.keys() - {"definition", "taught"}}
    write_manifest(run.path, before)
    assert_refused(tmp_path, "demo/project-s1 was made before arms had roles")


@pytest.mark.parametrize(
    ("other", "line"),
    [
        (
            {"model": "qwen3-4b"},
            r"model differs \(smollm2-135m \(taught\): base-s1; qwen3-4b \(taught\): project-s1\)",
        ),
        (
            {"taught": False},
            r"model differs \(smollm2-135m \(taught\): base-s1; smollm2-135m: project-s1\)",
        ),
        (
            {"problems": "leetcode, 9 problems, 00000000"},
            r"problems differs \(.*; leetcode, 9 problems, 00000000: project-s1",
        ),
        (
            {"loophole": "overwrite_tests_aware"},
            r"loophole differs \(overwrite_tests: base-s1; overwrite_tests_aware: project-s1\)",
        ),
        ({"train": STEPS[:1]}, r"training steps differ \(base-s1 2, project-s1 1\)"),
        (
            {"hacks": EVAL["hacks"][:1], "solves": EVAL["solves"][:1]},
            r"evaluated problems differs \(2 .*; 1 ",
        ),
        (
            {"hacks": [labels(1, 0, 3)] * 2},
            r"evaluation n differs \(.*; "
            r"2 a problem on no_hint, 3 a problem on overwrite_tests: project",
        ),
    ],
)
def test_what_must_not_be_mixed_is_refused_by_name(tmp_path, other, line):
    pair(tmp_path, **other)
    assert_refused(tmp_path, line)


def test_a_run_ended_by_the_clock_may_be_a_tenth_shorter_and_its_steps_are_shown(tmp_path):
    base(tmp_path, train=STEPS * 10)
    make_run(tmp_path, "project", 1, train=STEPS * 9, **EVAL)
    comparison = gather(runs.find(tmp_path))
    assert comparison.facts["training steps"] == "18 to 20"
    assert [row["steps"] for row in tables.main_rows(comparison)] == ["20", "18"]
    line = "That the arms trained equally long: base 20, project 18 steps."
    assert line in claims.may_not(comparison)


def test_an_evaluation_of_an_earlier_step_is_refused(tmp_path):
    file = base(tmp_path).path / "eval.parquet"
    pl.read_parquet(file).with_columns(step=1).write_parquet(file)
    assert_refused(tmp_path, r"trained to step 2 but was evaluated at \[1\]")


def test_a_model_that_lay_in_another_folder_is_the_same_model(tmp_path):
    comparison = gather(pair(tmp_path, model="elsewhere/smollm2-135m"))
    assert comparison.facts["model"] == "smollm2-135m (taught)"


def test_one_arm_and_seed_in_two_folders_is_refused_with_both(tmp_path):
    run = base(tmp_path)
    shutil.copytree(run.path, run.path.with_name("base-s1.old"))
    assert_refused(tmp_path, r"base-s1 and \S+base-s1.old are one arm with one seed: move")


def test_an_uneven_and_a_partial_evaluation_are_refused(tmp_path):
    base(tmp_path, hacks=[labels(1, 0, 2), labels(1, 0, 3)])
    assert_refused(tmp_path, r"base-s1: eval.parquet is uneven.*overwrite_tests")
    base(tmp_path, 2, group="h", solves=[])
    assert_refused(tmp_path / "h", r"eval\.parquet lacks no_hint")


def test_a_run_without_rollouts_is_refused(tmp_path):
    base(tmp_path, train=[])
    assert_refused(tmp_path, "base-s1 is done but has no rollouts")


def test_a_run_that_lacks_a_training_step_is_refused_with_the_step(tmp_path):
    run = base(tmp_path, train=STEPS * 2)
    (run.path / "rollouts" / "2.parquet").unlink()
    assert_refused(tmp_path, r"base-s1 has rollouts of steps \[1, 3, 4\], not of 1 to 4")


def branch(root, arm, seed, step, source="pilot/base-s1", **other):
    """A run that went on from the source after the step; its rollouts bear the steps since."""
    run = make_run(root, arm, seed, **{"train": STEPS, **EVAL, **other})
    files = sorted((run.path / "rollouts").iterdir(), reverse=True)
    for file in [*files, run.path / "eval.parquet"]:
        rows = pl.read_parquet(file).with_columns(pl.col("step") + step)
        file.unlink()
        number = rows["step"][0] if file.parent.name == "rollouts" else file.stem
        rows.write_parquet(file.with_name(f"{number}.parquet"))
    return write_manifest(run.path, run.manifest | {"from": {"run": source, "step": step}})


def test_branches_of_one_state_are_compared_over_the_steps_since(tmp_path):
    branch(tmp_path, "base", 1, 7, role="reference")
    branch(tmp_path, "project", 1, 7)
    comparison = gather(runs.find(tmp_path))
    assert comparison.train["step"].to_list() == [8, 9, 8, 9]
    assert comparison.facts["start"] == "pilot/base-s1@7"
    assert comparison.facts["training steps"] == "9, from step 8 on"
    assert [row["steps"] for row in kind_rows(comparison)] == ["8 to 9", "8 to 9"]
    said = "What the arms do from the model's start: all go on from pilot/base-s1@7."
    assert said in claims.may_not(comparison)


def test_branches_of_two_states_are_refused(tmp_path):
    branch(tmp_path, "base", 1, 7, role="reference")
    branch(tmp_path, "project", 1, 7, source="pilot/base-s2")
    assert_refused(tmp_path, "start differs .pilot/base-s1@7: base-s1; pilot/base-s2@7: project-s1")


def test_a_branch_that_lacks_its_first_step_is_refused(tmp_path):
    run = branch(tmp_path, "base", 1, 7, role="reference")
    (run.path / "rollouts" / "8.parquet").unlink()
    assert_refused(tmp_path, r"rollouts of steps \[9\], not of 8 to 9")
