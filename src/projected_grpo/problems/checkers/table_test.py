"""The table of checkers: what it may say, and that it covers the known files."""

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.problems.checkers.conftest import needs_data
from projected_grpo.problems.checkers.table import COLUMNS, TABLE, read_table

ROW = ["leetcode/1", "twoSum", "two_sum", "in any order"]


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


@needs_data
def test_every_row_names_a_problem_of_the_known_files(known):
    assert read_table(TABLE).keys() <= known.keys()


@needs_data
def test_every_problem_that_answers_in_floats_allows_a_tolerance(known):
    for problem in known.values():
        returned = problem.starter_code.rpartition("->")[2]
        assert ("float" in returned) == (problem.checker == "close"), problem.id
