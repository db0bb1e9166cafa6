import hashlib
from dataclasses import replace

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.grader.hidden.conftest import problem
from projected_grpo.problems import hidden, leetcode
from projected_grpo.problems.conftest import v3_row
from projected_grpo.problems.conftest import write as write_problems
from projected_grpo.problems.hidden import Row, rows, with_hidden, write
from projected_grpo.problems.problem import Test
from projected_grpo.problems.sources import load


@pytest.fixture
def made(tmp_path, monkeypatch):
    """made(*rows) writes the rows of hidden tests that problems are read with."""
    place = tmp_path / "hidden.jsonl.gz"
    monkeypatch.setattr(hidden, "FILE", place)

    def run(*new: Row) -> str:
        content = write(list(new), place)
        for cache in (rows, hidden.tests_by_oracle, hidden.oracles_by_id):
            cache.cache_clear()
        return content

    return run


def row(oracle: str, id: str = "made-up", file: str = "train", why: str = "") -> Row:
    return Row(id, file, oracle, why, [] if why else [["nums = [7], k = 1", "[1, {2}]"]])


def test_a_problem_has_the_tests_that_were_made_for_what_it_says(made, tmp_path):
    made(row(problem().oracle))
    found = with_hidden(problem(), tmp_path / "train.jsonl.gz")
    assert found.hidden == (Test("nums = [7], k = 1", [1, {2}]),)
    assert with_hidden(problem("return 1"), tmp_path / "copy.jsonl").hidden == ()


def test_a_problem_of_two_files_has_the_tests_that_either_has(made, tmp_path):
    made(row(problem().oracle), row(problem().oracle, file="train2", why="too few tests"))
    for file in ("train.jsonl", "train2.jsonl"):
        assert len(with_hidden(problem(), tmp_path / file).hidden) == 1


def test_tests_made_for_something_else_under_its_id_in_its_file_are_refused(made, tmp_path):
    made(row("0" * 64))
    with pytest.raises(Refusal, match="made-up .* make them anew: just hidden-tests path="):
        with_hidden(problem(), tmp_path / "train.jsonl")


def test_without_a_file_no_problem_has_hidden_tests(made, tmp_path):
    assert with_hidden(problem(), tmp_path / "train.jsonl").hidden == ()


def test_the_same_rows_make_the_same_bytes_and_replace_their_own_file_alone(made, tmp_path):
    first = made(row("a"), row("b", id="made-up/g"))
    assert first == hashlib.sha256((tmp_path / "hidden.jsonl.gz").read_bytes()).hexdigest()
    assert made(row("b", id="made-up/g"), row("a")) == first
    made(row("c", file="other"))
    made(row("d"))
    assert [r.oracle for r in rows(hidden.FILE)] == ["c", "d"]


def test_hidden_tests_and_a_checker_change_what_judges_a_problem_and_not_its_hash():
    plain = problem()
    tested = replace(plain, hidden=(Test("nums = [7], k = 1", 1),))
    checked = replace(plain, checker="any order")
    assert plain.hash == tested.hash == checked.hash == plain.judged_by
    assert len({p.judged_by for p in (plain, tested, checked)}) == 3


def test_problems_without_hidden_tests_are_left_out_of_training_where_asked(made, tmp_path):
    rows = [
        {**v3_row([("n = 1", "1")]), "question_id": i, "completion": v3_completion(i)}
        for i in range(3)
    ]
    path = write_problems(tmp_path / "rows.jsonl", *rows)
    first = load("leetcode", path=str(path), eval_share=0.0)[0]
    made(row(first.oracle))
    options = {"path": path, "eval_share": 0.0}
    kept, tally = leetcode.read_problems("train", **options, hidden=True)
    assert [p.id for p in kept] == [first.id]
    assert tally.skipped_problems == {"no hidden tests to train on": 2}
    assert len(leetcode.read_problems("train", **options)[0]) == 3


def v3_completion(i: int) -> str:
    return f"class Solution:\n    def f(self, n: int) -> int:\n        return n + 0 * {i}"
