import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from projected_grpo.cli import Refusal
from projected_grpo.problems import evaluation_sets, leetcode
from projected_grpo.problems.conftest import real_file
from projected_grpo.problems.sources import load, of_source
from projected_grpo.verl_ext.configuration import configure

FROZEN = evaluation_sets.listed("frozen")
ROW = {
    "question_id": 1,
    "difficulty": "Medium",
    "problem_description": "d",
    "starter_code": "class Solution:\n    def f(self, n: int) -> int:\n        ",
    "entry_point": "Solution().f",
    "completion": "class Solution:\n    def f(self, n: int) -> int:\n        return n",
    "prompt": "import math",
    "input_output": [{"input": f"n = {n}", "output": str(n)} for n in (1, 2, 3)],
}


@pytest.fixture
def small(tmp_path, monkeypatch):
    """(a file of one problem, the list that freezes it); nothing is near another."""
    file = tmp_path / "rows_test.jsonl"
    frozen = tmp_path / "frozen.json"
    file.write_text(json.dumps(ROW) + "\n")
    frozen.write_text(json.dumps({p.id: p.hash for p in load("leetcode", path=str(file))}))
    none, near = tmp_path / "none.json", tmp_path / "near.tsv"
    none.write_text("{}")
    near.write_text("problem\tother\tsimilarity\tevidence\n")
    monkeypatch.setattr(evaluation_sets, "SETS", {"frozen": frozen, "solvable": none})
    monkeypatch.setattr(evaluation_sets, "NEAR", near)
    return file, frozen


def write_train(folder: Path, *changes: dict) -> Path:
    """A training file with a row for each: ROW with these changes, under ids from 2 on."""
    rows = [{**ROW, "question_id": i, **change} for i, change in enumerate(changes, 2)]
    path = folder / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_frozen_set_is_larger_than_the_benchmarks_and_names_content_by_sha256():
    assert len(FROZEN) > 119
    assert all(len(bytes.fromhex(content)) == 32 for content in FROZEN.values())


def test_a_listed_problem_is_evaluated_on_whatever_its_file_says(small):
    file, _ = small
    assert [p.split for p in load("leetcode", split="eval", frozen=str(file))] == ["eval"]


def test_a_run_is_evaluated_on_the_whole_list_whatever_its_filters(small):
    file, _ = small
    words = [
        "env=leetcode",
        f"env.problems.frozen={file}",
        "env.problems.difficulty=hard",
        "env.problems.min_tests=9",
    ]
    spec = of_source(OmegaConf.to_container(configure(words).env.problems))
    assert [p.id for p in load(split="eval", **spec)] == ["leetcode/1"]


def test_all_splits_together_filter_the_others_and_not_the_list(small, tmp_path):
    file, _ = small
    train = write_train(tmp_path, {}, {"difficulty": "Hard"})
    options = {"path": str(train), "frozen": str(file), "difficulty": "hard"}
    assert [p.id for p in load("leetcode", **options)] == ["leetcode/3", "leetcode/1"]


def test_the_list_is_cut_where_a_limit_says_so(small):
    file, frozen = small
    file.write_text("".join(json.dumps({**ROW, "question_id": i}) + "\n" for i in (1, 2)))
    (content,) = json.loads(frozen.read_text()).values()
    frozen.write_text(json.dumps({"leetcode/1": content, "leetcode/2": content}))
    options = {"frozen": str(file), "difficulty": "hard", "limit": 1}
    assert [p.id for p in load("leetcode", split="eval", **options)] == ["leetcode/1"]


def test_what_is_left_out_is_counted_for_the_list_and_for_the_others(small, tmp_path):
    file, _ = small
    _, tally = leetcode.read_problems(path=write_train(tmp_path, {}), frozen=file)
    assert (tally.problems, tally.tests) == (2, 6)


def test_other_content_under_a_listed_id_is_refused(small):
    file, _ = small
    file.write_text(json.dumps({**ROW, "problem_description": "another"}) + "\n")
    with pytest.raises(Refusal, match="leetcode/1 of the frozen evaluation set has other content"):
        load("leetcode", split="eval", frozen=str(file))


def test_a_set_may_come_from_several_files(small, tmp_path):
    file, frozen = small
    other = write_train(tmp_path, {})
    (problem,) = load("leetcode", path=str(other))
    frozen.write_text(json.dumps({problem.id: problem.hash} | json.loads(frozen.read_text())))
    found = load("leetcode", split="eval", frozen=f"{file},{other}")
    assert [p.id for p in found] == ["leetcode/2", "leetcode/1"]


def test_the_other_set_is_evaluated_on_by_its_name_and_none_of_either_is_trained_on(
    small, tmp_path
):
    file, frozen = small
    evaluation_sets.SETS["solvable"].write_text(frozen.read_text())
    frozen.write_text("{}")
    options = {"path": str(write_train(tmp_path, {"question_id": 1}, {})), "frozen": str(file)}
    evaluated = load("leetcode", split="eval", evaluation_set="solvable", **options)
    assert [p.id for p in evaluated] == ["leetcode/1"]
    assert [p.id for p in load("leetcode", split="train", **options)] == ["leetcode/3"]


def test_an_unknown_set_is_refused(small):
    file, _ = small
    with pytest.raises(Refusal, match="unknown evaluation set 'easy'; choose one of frozen"):
        load("leetcode", split="eval", frozen=str(file), evaluation_set="easy")


def test_what_is_near_an_evaluated_problem_is_not_trained_on(small, tmp_path):
    evaluation_sets.NEAR.write_text("problem\tother\nleetcode/2\tleetcode/1\n")
    train = write_train(tmp_path, {}, {})
    assert [p.id for p in load("leetcode", split="train", path=str(train), eval_share=0.0)] == [
        "leetcode/3"
    ]


def test_an_absent_problem_is_refused(small):
    file, frozen = small
    frozen.write_text(json.dumps({"leetcode/2": "0" * 64}))
    with pytest.raises(Refusal, match="leetcode/2 of the frozen evaluation set is not in"):
        load("leetcode", split="eval", frozen=str(file))


def test_no_listed_problem_is_trained_on(small, tmp_path):
    file, _ = small
    train = write_train(tmp_path, {"question_id": 1}, {})
    trained = load("leetcode", split="train", path=str(train), frozen=str(file))
    assert [p.id for p in trained] == ["leetcode/3"]


def test_beside_the_list_no_share_of_a_training_file_is_held_out(small, tmp_path):
    file, _ = small
    train = write_train(tmp_path, *({"problem_description": f"d{i}"} for i in range(50)))
    assert len(load("leetcode", split="train", path=str(train), frozen=str(file))) == 50


def test_the_real_file_holds_what_the_list_says():
    assert [p.id for p in load("leetcode", split="eval", frozen=str(real_file("v0.3.1")))] == list(
        FROZEN
    )
