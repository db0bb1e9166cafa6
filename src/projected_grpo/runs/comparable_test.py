import pytest

from projected_grpo import runs
from projected_grpo.interventions import arm_table
from projected_grpo.runs.comparable import comparable_config, config_hash
from projected_grpo.runs.folder_test import start


def test_config_hash_is_equal_between_seeds_and_differs_with_a_setting(tmp_path):
    def recorded(seed: int, lr: float) -> str:
        out = str(tmp_path / "g" / f"some-s{seed}")
        data = {"seed": seed, "name": f"some-s{seed}"}
        return start(tmp_path, seed=seed, out=out, data=data, lr=lr).manifest["config_hash"]

    assert recorded(1, 1e-5) == recorded(2, 1e-5) != recorded(3, 1e-4)


@pytest.mark.parametrize("arm", arm_table.configs())
def test_every_arms_config_hash_is_equal_between_seeds(arm, tmp_path):
    first, second = (
        config_hash({"seed": n, "arm": arm_table.configs(n)[arm]}, tmp_path / f"{arm}-s{n}", n)
        for n in (1, 2)
    )
    assert first == second


def test_a_fixed_seed_of_another_value_is_another_config(tmp_path):
    def with_fixed(v_seed: int) -> str:
        config = {"seed": 1, "arm": {"interventions": [{"v_seed": v_seed}]}}
        return config_hash(config, tmp_path / "x-s1", 1)

    assert with_fixed(5) != with_fixed(7)


def test_comparable_config_keeps_every_setting_under_its_dotted_key(tmp_path):
    config = {"a": {"b": [1, {"c": 2}], "seed": 3, "empty": {}, "none": []}, "d": [{"e": 4}]}
    assert comparable_config(config, tmp_path / "x-s1") == {
        "a.b": '[1, {"c": 2}]',
        "a.seed": "3",
        "a.empty": "{}",
        "a.none": "[]",
        "d.0.e": "4",
    }


def test_the_arm_stands_once_whatever_reads_it(tmp_path):
    arm = {"name": "some"}
    config = {"arm": arm, "actor": {"arm": arm}, "reward": {"kwargs": {"arm": arm}}}
    assert comparable_config(config, tmp_path / "x-s1") == {"arm.name": '"some"'}


def test_a_runs_own_path_is_left_out_in_any_alphabet(tmp_path):
    path = tmp_path / "ω-s1"
    assert comparable_config({"out": str(path)}, path) == {"out": '"RUN"'}


def test_problem_set_depends_on_contents_and_not_on_order():
    same = runs.problem_set("mini", ["b", "a"])
    other = runs.problem_set("mini", ["a", "c"])
    assert runs.problem_set("mini", ["a", "b"]) == same != other
