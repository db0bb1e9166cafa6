"""The table of checkers: what it may say, and that it covers the known files."""

import json
from pathlib import Path

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.problems import leetcode
from projected_grpo.problems.checkers import table
from projected_grpo.problems.checkers.table import COLUMNS, LEFT_OUT, TABLE, read_table
from projected_grpo.problems.conftest import v3_row, write

ROW = ["leetcode/1", "twoSum", "two_sum", "in any order"]


def two_sum_file(folder: Path) -> Path:
    """A file with one problem, leetcode/1 twoSum, whose second expected output is wrong."""
    pairs = [("nums = [3, 3], target = 6", "[0, 1]"), ("nums = [3, 3], target = 6", "[0, 0]")]
    row = v3_row(pairs, "List[int]", "nums: List[int], target: int")
    text = json.dumps(row | {"question_id": 1, "entry_point": "Solution().twoSum"})
    return write(folder / "rows.jsonl", json.loads(text.replace("def f(", "def twoSum(")))


@pytest.mark.parametrize(
    "rows, refusal",
    [
        ([[*ROW[:2], "two_summ", "words"]], "unknown checker 'two_summ' for leetcode/1"),
        ([ROW, ROW], "leetcode/1 twoSum stands there twice"),
        ([ROW[:3]], "'leetcode/1' has not the columns problem, method, checker, evidence"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused(tmp_path, rows, refusal):
    path = tmp_path / "checkers.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in [COLUMNS, *rows]))
    with pytest.raises(Refusal, match=refusal):
        read_table(path)


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refusal, match="is missing; restore it"):
        read_table(tmp_path / "checkers.tsv")


def test_an_expected_value_that_is_no_right_answer_is_dropped_and_counted(tmp_path):
    (problem,), tally = leetcode.read_problems(path=two_sum_file(tmp_path))
    assert problem.checker == "two_sum"
    assert [test.expected for test in problem.tests] == [[0, 1]]
    assert tally.skipped_tests == {"expected output is no right answer": 1}


def test_a_problem_that_the_table_leaves_out_is_counted(tmp_path, monkeypatch):
    path = tmp_path / "checkers.tsv"
    rows = [COLUMNS, ["leetcode/1", "twoSum", LEFT_OUT, "too hard to say"]]
    path.write_text("".join("\t".join(row) + "\n" for row in rows))
    monkeypatch.setattr(table, "TABLE", path)
    problems, tally = leetcode.read_problems(path=two_sum_file(tmp_path))
    assert problems == []
    assert tally.skipped_problems == {"many right answers, and no checker for them": 1}


def test_every_row_names_a_problem_of_the_known_files(known):
    assert read_table(TABLE).keys() <= known.keys()


def test_every_problem_that_answers_in_floats_allows_a_tolerance(known):
    for problem in known.values():
        returned = problem.starter_code.rpartition("->")[2]
        assert ("float" in returned) == (problem.checker == "close"), problem.id
