"""Several files as one source, and the problems that are left out by their content."""

import pytest

from projected_grpo.problems import leetcode, left_out
from projected_grpo.problems.conftest import v3_row, write
from projected_grpo.problems.sources import load


def row(statement: str, **changes) -> dict:
    return v3_row([("n = 1", "1")]) | {"problem_description": statement, **changes}


@pytest.fixture
def files(tmp_path):
    """(a file of two problems, a test file that has one of them again and a third)"""
    one, other, third = row("One."), row("Other."), row("Third.")
    return write(tmp_path / "a.jsonl", one, other), write(tmp_path / "b-test.jsonl", other, third)


def test_files_are_read_one_after_another_each_problem_once(files):
    problems, tally = leetcode.read_problems(path=",".join(map(str, files)))
    assert [p.description for p in problems] == ["One.", "Other.", "Third."]
    assert tally.problems == 3
    assert tally.skipped_problems == {"same problem as an earlier row": 1}


def test_a_list_of_files_is_the_same_as_their_names_with_commas(files):
    names = [str(file) for file in files]
    assert load("leetcode", path=names) == load("leetcode", path=",".join(names))


def test_all_problems_of_a_file_that_is_named_as_train_are_trained_on(files):
    problems = load("leetcode", train=",".join(map(str, files)))
    assert [p.split for p in problems] == ["train"] * 3


def test_what_is_evaluated_in_one_file_is_not_trained_on_in_another(files):
    training, test = files
    problems = load("leetcode", path=str(test), train=str(training))
    assert {p.description: p.split for p in problems} == {
        "Other.": "eval",
        "Third.": "eval",
        "One.": "train",
    }


def test_one_statement_under_another_number_is_the_same_problem(tmp_path):
    first = write(tmp_path / "a.jsonl", row("Add  two `numbers`."))
    again = write(tmp_path / "b.jsonl", row("add two\u00a0numbers"))
    _, tally = leetcode.read_problems(path=[str(first), str(again)])
    assert tally.skipped_problems == {"same problem as an earlier row": 1}


def test_a_statement_that_was_edited_under_one_number_is_the_same_problem(tmp_path):
    rows = [row("One.", question_id=900_001), row("One, edited.", question_id=900_001)]
    _, tally = leetcode.read_problems(path=write(tmp_path / "a.jsonl", *rows))
    assert tally.skipped_problems == {"same problem as an earlier row": 1}


def test_another_problem_under_a_number_that_is_taken_is_counted(tmp_path):
    other = row("Other.", question_id=900_001, entry_point="Solution().g")
    for field in ("starter_code", "completion"):
        other[field] = other[field].replace("def f", "def g")
    rows = [row("One.", question_id=900_001), other]
    _, tally = leetcode.read_problems(path=write(tmp_path / "a.jsonl", *rows))
    assert tally.skipped_problems == {"id of another problem": 1}


def test_a_problem_is_left_out_by_its_content_and_stays_under_another(tmp_path, monkeypatch):
    path = write(tmp_path / "a.jsonl", row("One."), row("Other."))
    one, other = load("leetcode", path=str(path))
    monkeypatch.setattr(left_out, "TABLE", tmp_path / "left_out.tsv")
    stale = [other.id, one.hash, "canonical solution is slow", ""]
    left_out.write([[one.id, one.hash, "canonical solution is slow", "1 s"], stale])
    problems, tally = leetcode.read_problems(path=path)
    assert [p.id for p in problems] == [other.id]
    assert tally.skipped_problems == {"canonical solution is slow": 1}
