"""Near problems, and the set of those that a model solves sometimes."""

import json
from dataclasses import replace

import pytest

from projected_grpo.problems import evaluation_sets, mini, near
from projected_grpo.problems.conftest import real_file
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.problem import Problem, Test

STATEMENT = "Given {} nums and a number k, return how many pairs of places have a sum of {} k."
ONE = mini.problems()[0]


def problem(name: str, description: str, method: str = "f") -> Problem:
    return replace(ONE, id=name, description=description, method=method)


def lines(*problems: Problem, titles: dict[str, str] = {}) -> list[list[str]]:
    keyed = {(p.id, p.method): p for p in problems}
    named = {(p.id, p.method): titles[p.id] for p in problems if p.id in titles}
    return near.near_pairs(keyed, named)


def test_two_statements_with_most_words_in_a_row_in_common_are_near():
    one = problem("a", STATEMENT.format("a list", "at most"), "f")
    other = problem("b", STATEMENT.format("a list", "at least"), "g")
    far = problem("c", "Turn the letters of a word around.", "h")
    assert [line[:2] + line[3:] for line in lines(one, other, far)] == [["a", "b", "statement"]]


def test_less_in_common_is_enough_where_the_methods_have_one_name():
    one = problem("a", STATEMENT.format("a list of", "at most"))
    other = problem("b", "Given a list of nums and a number k, say whether it is a number of one.")
    assert [line[3] for line in lines(one, other)] == ["method"]
    assert lines(one, replace(other, method="g")) == []


def test_titles_that_differ_in_their_numeral_are_near():
    one, other = problem("a", "Add.", "f"), problem("b", "Multiply by three.", "g")
    titles = {"a": "word-ladder", "b": "word-ladder-ii"}
    assert lines(one, other, titles=titles) == [["a", "b", "0.00", "title"]]


def with_tests(problem: Problem) -> Problem:
    return replace(problem, hidden=(Test("n = 1", 1),) * 20)


@pytest.fixture
def sets(tmp_path, monkeypatch):
    """The set "frozen" is problem 0, and problem 1 is near it."""
    frozen, table = tmp_path / "frozen.json", tmp_path / "near.tsv"
    frozen.write_text(json.dumps({"0": "00"}))
    table.write_text("problem\tother\tsimilarity\tevidence\n1\t0\t0.90\tstatement\n")
    monkeypatch.setitem(evaluation_sets.SETS, "frozen", frozen)
    monkeypatch.setattr(evaluation_sets, "NEAR", table)


def test_the_solvable_are_solved_sometimes_and_are_not_near_the_frozen(sets):
    rates = {"0": 0.5, "1": 0.5, "2": 0.0, "3": 0.1, "4": 0.6, "5": 0.7}
    problems = [with_tests(problem(str(i), f"Statement {i}.")) for i in range(7)]
    chosen = evaluation_sets.solvable(problems, rates)
    assert sorted(p.id for p in chosen) == ["3", "4"]


def test_the_solvable_have_twenty_tests_or_more(sets):
    few, many = problem("2", "Statement 2."), with_tests(problem("3", "Statement 3."))
    assert evaluation_sets.solvable([few, many], {"2": 0.3, "3": 0.3}) == [many]


def test_the_solvable_are_drawn_by_content_whatever_the_order(sets):
    problems = [with_tests(problem(str(i), f"Statement {i}.")) for i in range(2, 300)]
    rates = {p.id: 0.3 for p in problems}
    chosen = evaluation_sets.solvable(problems, rates)
    assert len(chosen) == 120
    assert chosen == evaluation_sets.solvable(problems[::-1], rates)


def test_no_two_of_a_near_pair_stand_in_two_sets():
    frozen = evaluation_sets.with_neighbours(evaluation_sets.listed("frozen"))
    assert not frozen & set(evaluation_sets.listed("solvable"))


def test_the_pairs_of_a_real_file_are_those_of_the_table(tmp_path, monkeypatch):
    file = real_file("v0.3.1")
    ids = {f"leetcode/{row['question_id']}" for row in read_jsonl(file)}
    committed = evaluation_sets.NEAR.read_text().splitlines()
    wanted = [line for line in committed if ids >= set(line.split("\t")[:2])]
    monkeypatch.setattr(evaluation_sets, "NEAR", tmp_path / "near.tsv")
    near.main([str(file)])
    assert evaluation_sets.NEAR.read_text().splitlines()[1:] == wanted
