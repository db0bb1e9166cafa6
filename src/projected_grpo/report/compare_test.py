import importlib.util
from pathlib import Path

import polars as pl
import pytest

from projected_grpo import runs
from projected_grpo.cli import Refusal
from projected_grpo.report import claims, tables
from projected_grpo.report.compare import differing_config, gather
from projected_grpo.testing.run_folders import labels, make_run

STEPS = [labels(0, 2, 4), labels(3, 1, 4)]
EVAL = {"hacks": [labels(1, 0, 2), labels(2, 0, 2)], "solves": [labels(0, 1, 2), labels(0, 2, 2)]}


def pair(root, arm="project", seed=1, **other):
    """vanilla as it is and another arm with something changed."""
    make_run(root, "vanilla", 1, train=STEPS, **EVAL)
    make_run(root, arm, seed, **{"train": STEPS, **EVAL, **other})
    return runs.find(root)


def test_training_counts_are_read_from_the_labels_by_step(tmp_path):
    train = gather(pair(tmp_path)).train.filter(pl.col("arm") == "project")
    assert train.rows() == [("project", 1, 1, 4, 0, 0, 2), ("project", 1, 2, 4, 3, 3, 1)]
    assert train.columns == ["arm", "seed", "step", "n", "strict", "loose", "correct"]


def test_arms_come_in_the_same_order_always(tmp_path):
    for arm in ("shuffled", "random", "project", "vanilla", "rl_baseline"):
        make_run(tmp_path, arm, 1, train=STEPS, **EVAL)
    assert gather(runs.find(tmp_path)).arms == [
        "rl_baseline",
        "vanilla",
        "project",
        "random",
        "shuffled",
    ]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (
            {"model": "qwen3-4b"},
            r"model differs \(qwen3-4b \(warm-started\): project-s1; smollm2-135m \(warm-started\): vanilla-s1\)",
        ),
        (
            {"warm_started": False},
            r"model differs \(smollm2-135m: project-s1; smollm2-135m \(warm-started\): vanilla-s1\)",
        ),
        (
            {"problems": "leetcode, 9 problems, 00000000"},
            r"problems differs \(leetcode, 9 problems, 00000000: project-s1",
        ),
        ({"train": STEPS[:1]}, r"training steps differ \(project-s1 1, vanilla-s1 2\)"),
        (
            {"hacks": EVAL["hacks"][:1], "solves": EVAL["solves"][:1]},
            r"evaluated problems differs \(1 ",
        ),
        (
            {"hacks": [labels(1, 0, 3)] * 2},
            r"evaluation n differs \(2 a problem on no_hint, 3 a problem on overwrite_tests: project",
        ),
    ],
)
def test_what_must_not_be_mixed_is_refused_by_name(tmp_path, other, told):
    with pytest.raises(Refusal, match=told) as refusal:
        gather(pair(tmp_path, **other))
    assert "\n" not in str(refusal.value)


def test_a_run_ended_by_the_clock_may_be_a_tenth_shorter_and_its_steps_are_told(tmp_path):
    make_run(tmp_path, "vanilla", 1, train=STEPS * 10, **EVAL)
    make_run(tmp_path, "project", 1, train=STEPS * 9, **EVAL)
    found = gather(runs.find(tmp_path))
    assert found.facts["training steps"] == "18 to 20"
    assert [row["steps"] for row in tables.main_rows(found)] == ["20", "18"]
    assert "That the arms trained equally long: project 18, vanilla 20 steps." in claims.may_not(
        found
    )


def test_an_evaluation_of_an_earlier_step_is_refused(tmp_path):
    run = make_run(tmp_path, "vanilla", 1, train=STEPS, **EVAL)
    pl.read_parquet(run.path / "eval.parquet").with_columns(step=1).write_parquet(
        run.path / "eval.parquet"
    )
    with pytest.raises(Refusal, match=r"trained to step 2 but was evaluated at \[1\]"):
        gather(runs.find(tmp_path))


def test_a_model_that_lay_in_another_folder_is_the_same_model(tmp_path):
    assert (
        gather(pair(tmp_path, model="elsewhere/smollm2-135m")).facts["model"]
        == "smollm2-135m (warm-started)"
    )


def test_seeds_of_one_arm_with_different_settings_are_refused_with_the_setting(tmp_path):
    with pytest.raises(
        Refusal, match=r"vanilla-s1 and demo/vanilla-s2 are one arm but.*lr \(1e-05 / 0.1\)"
    ):
        gather(pair(tmp_path, "vanilla", 2, config={"lr": 0.1}))


def test_differing_config_leaves_out_seed_and_run_folder(tmp_path):
    found = differing_config(*reversed(pair(tmp_path, seed=2, config={"where": "gradient"})))
    assert found == {"arm": ('"vanilla"', '"project"'), "where": ("-", '"gradient"')}


def test_an_uneven_and_a_partial_evaluation_are_refused(tmp_path):
    make_run(
        tmp_path,
        "vanilla",
        1,
        train=STEPS,
        hacks=[labels(1, 0, 2), labels(1, 0, 3)],
        solves=EVAL["solves"],
    )
    with pytest.raises(Refusal, match=r"vanilla-s1: eval.parquet is uneven.*overwrite_tests"):
        gather(runs.find(tmp_path))
    make_run(tmp_path, "vanilla", 2, group="h", train=STEPS, hacks=EVAL["hacks"], solves=[])
    with pytest.raises(Refusal, match=r"eval\.parquet lacks no_hint"):
        gather(runs.find(tmp_path / "h"))


def test_a_run_without_rollouts_is_refused(tmp_path):
    make_run(tmp_path, "vanilla", 1, train=[], **EVAL)
    with pytest.raises(Refusal, match="vanilla-s1 is done but has no rollouts"):
        gather(runs.find(tmp_path))


def test_constraint_metrics_are_read_with_and_without_the_actors_prefix(tmp_path):
    metrics = [
        {
            "actor/constraint/cos_pre": 0.5,
            "constraint/leak": 0.1,
            "other/constraint/leak": 9,
            "actor/loss": 1.0,
        },
        {"actor/constraint/cos_pre": None},
    ]
    found = gather(pair(tmp_path, metrics=metrics)).diagnostics
    assert found.rows() == [("project", 1, 1, 0.5, None, None, 0.1, None)]


def test_verls_own_file_logger_writes_what_is_read(tmp_path, monkeypatch):
    # The file alone: the package around it takes seconds to import and is not what is tested.
    source = (
        Path(importlib.util.find_spec("verl").submodule_search_locations[0])
        / "utils"
        / "tracking.py"
    )
    spec = importlib.util.spec_from_file_location("tracking", source)
    spec.loader.exec_module(tracking := importlib.util.module_from_spec(spec))
    run = make_run(tmp_path, "vanilla", 1, train=STEPS, **EVAL)
    monkeypatch.setenv("VERL_FILE_LOGGER_PATH", str(run.path / "metrics.jsonl"))
    log = tracking.FileLogger("p", "e")
    log.log({"actor/constraint/cos_pre": 0.25, "actor/constraint/leak": float("nan")}, step=3)
    log.finish()
    assert gather(runs.find(tmp_path)).diagnostics.rows() == [
        ("vanilla", 1, 3, 0.25, None, None, None, None)
    ]
