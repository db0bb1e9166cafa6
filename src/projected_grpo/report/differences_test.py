"""Which settings may differ between runs that are compared, and between seeds of an arm."""

from projected_grpo import runs
from projected_grpo.report.compare import gather
from projected_grpo.report.compare_test import EVAL, STEPS, assert_refused, base, pair
from projected_grpo.report.differences import differing_config
from projected_grpo.testing.run_folders import make_run


def test_a_setting_that_no_arm_explains_is_refused_with_the_key_and_both_values(tmp_path):
    other = {"lr": 0.1, "data": {"train_batch_size": 4}}
    line = (
        r"runs of demo cannot be compared: their arms do not explain "
        r"data.train_batch_size \(- / 4\), lr \(1e-05 / 0.1\) between base-s1 and project-s1\. Keep"
    )
    pair(tmp_path, config=other)
    assert_refused(tmp_path, line)


def test_of_many_unexplained_settings_the_first_five_are_named(tmp_path):
    pair(tmp_path, config=dict.fromkeys("abcdefg", 1))
    assert_refused(tmp_path, r"explain a (\(- / 1\), \w ){4}\(- / 1\) between")


def test_what_defines_an_arm_and_where_a_run_lies_may_differ(tmp_path):
    actor = {"fsdp_config": {"arm": {"where": "update"}, "v_hack": "/v"}}
    other = {
        "actor": actor,
        "reward_kwargs": {"arm": {"penalty": 1.0}},
        "v_hack": "/v",
        "run": {"taught": True},
        "limits": {"train_s": 60},
        "outputs": "/elsewhere",
        "model": {"path": None},
    }
    assert gather(pair(tmp_path, settings={"m": 8}, config=other)).arms == ["base", "project"]


def test_a_file_that_lies_in_another_folder_is_the_same_file_for_seeds_and_for_arms(tmp_path):
    base(tmp_path, config={"loop": "/here/agent_loop.yaml", "limits": {"train_s": 60}})
    there = {"config": {"loop": "/there/agent_loop.yaml", "limits": {"train_s": 90}}}
    base(tmp_path, 2, **there)
    make_run(tmp_path, "project", 1, train=STEPS, **EVAL, **there)
    assert gather(runs.find(tmp_path)).arms == ["base", "project"]
    base(tmp_path, 3, config={"loop": "/there/another.yaml"})
    assert_refused(tmp_path, r"base-s1 and demo/base-s3 are one arm but.*: loop \(")


def test_another_file_of_the_same_name_is_another_setting(tmp_path):
    files = []
    for name in ("v1", "v2", "copy"):
        (tmp_path / name).mkdir()
        files.append(tmp_path / name / "train.jsonl")
        files[-1].write_text("{}" if name == "v2" else "[]")
    original, other, copy = (str(file) for file in files)
    base(tmp_path, config={"pairs": original})
    base(tmp_path, 2, config={"pairs": copy})
    assert len(gather(runs.find(tmp_path)).runs) == 2
    base(tmp_path, 3, config={"pairs": other})
    assert_refused(tmp_path, r"are one arm but were configured differently: pairs")


def test_seeds_of_an_arm_whose_own_seed_follows_the_runs_are_pooled(tmp_path):
    for seed in (0, 5):
        for arm, v_seed in (("project", 0), ("random", seed)):
            settings = {"v_seed": v_seed}
            make_run(tmp_path, arm, seed, settings=settings, train=STEPS, **EVAL)
    assert gather(runs.find(tmp_path)).arms == ["project", "random"]


def test_seeds_of_an_arm_with_other_fixed_seeds_are_refused(tmp_path):
    for seed, v_seed in ((1, 5), (2, 7)):
        make_run(tmp_path, "random", seed, settings={"v_seed": v_seed}, train=STEPS, **EVAL)
    assert_refused(tmp_path, r"are one arm but.*interventions.0.v_seed \(5 / 7\)")


def test_seeds_of_one_arm_with_different_settings_are_refused_with_the_setting(tmp_path):
    base(tmp_path, 1)
    base(tmp_path, 2, config={"lr": 0.1})
    line = r"base-s1 and demo/base-s2 are one arm but.*lr \(1e-05 / 0.1\)"
    assert_refused(tmp_path, line)


def test_seeds_of_one_arm_with_different_definitions_are_refused(tmp_path):
    make_run(tmp_path, "project", 1, train=STEPS, **EVAL)
    make_run(tmp_path, "project", 2, train=STEPS, settings={"m": 8}, **EVAL)
    assert_refused(tmp_path, r"are one arm but.*arm.interventions")


def test_differing_config_leaves_out_seed_and_run_folder(tmp_path):
    first = make_run(tmp_path, "base", 1, train=STEPS, **EVAL)
    second = make_run(tmp_path, "project", 2, train=STEPS, **EVAL, config={"where": "gradient"})
    assert differing_config(first, second) == {
        "arm.name": ('"base"', '"project"'),
        "where": ("-", '"gradient"'),
    }
