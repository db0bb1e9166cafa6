from projected_grpo import runs
from projected_grpo.runs.comparable import comparable_config
from projected_grpo.runs.folder_test import start


def test_config_hash_is_equal_between_seeds_and_differs_with_a_setting(tmp_path):
    def config_hash(seed: int, lr: float) -> str:
        out = str(tmp_path / "g" / f"some-s{seed}")
        data = {"seed": seed, "name": f"some-s{seed}"}
        return start(tmp_path, seed=seed, out=out, data=data, lr=lr).manifest["config_hash"]

    assert config_hash(1, 1e-5) == config_hash(2, 1e-5) != config_hash(3, 1e-4)


def test_comparable_config_keeps_every_setting_but_seeds(tmp_path):
    config = {"a": {"b": [1, {"c": 2}], "seed": 3, "empty": {}}, "data_seed": 4}
    assert comparable_config(config, tmp_path / "x-s1") == {"a.b": '[1, {"c": 2}]', "a.empty": "{}"}


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
