"""The three file formats."""

import ast

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.problems import leetcode
from projected_grpo.problems.conftest import (
    FILES,
    STARTER,
    benchmark_row,
    read_once,
    real_file,
    v2_row,
    v3_row,
    write,
)
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.problem import Test, literal
from projected_grpo.problems.sources import load
from projected_grpo.problems.sources_test import same


def test_leetcode_skips_error_outputs_also_inside_quotes_and_counts_them(tmp_path):
    calls = [
        "assert Solution().f(n = 1) == Error: list index out of range",
        "assert Solution().f(n = 2) == Execution timed out",
        'assert Solution().f(n = 3) == "Error: string index out of range"',
        'assert Solution().f(n = 4) == "an Error: inside is text"',
    ]
    path = write(tmp_path / "rows.jsonl", benchmark_row(calls, returns="str"))
    (problem,), tally = leetcode.read_problems(path=path)
    assert problem.tests == (Test("n = 4", "an Error: inside is text"),)
    assert tally.skipped_tests == {"expected output is an error message": 3}
    assert (tally.problems, tally.tests) == (1, 1)


def test_leetcode_v3_strings_get_quotes_only_where_the_method_returns_str(tmp_path):
    of_str = v3_row([("n = 1", "8"), ("n = 2", ""), ("n = 3", "it's")], "str")
    of_int = v3_row([("n = 1", "8")], "int")
    text, number = load("leetcode", path=write(tmp_path / "rows.jsonl", of_str, of_int))
    assert [t.expected for t in text.tests] == ["8", "", "it's"]
    assert [t.expected for t in number.tests] == [8]


def test_leetcode_v2_takes_quoted_strings_and_names_positional_arguments(tmp_path):
    checks = ["candidate('a b') == 'b a'", "candidate(n='', k=-1) == ''"]
    row = v2_row(checks, "str", "n: str, k: int = 0")
    (problem,) = load("leetcode", path=write(tmp_path / "rows.jsonl", row))
    assert problem.tests == (Test("n = 'a b'", "b a"), Test("n = '', k = -1", ""))
    assert problem.starter_code == STARTER.format("n: str, k: int = 0", "str")
    assert problem.description == "Add, with examples."


def test_leetcode_keeps_none_bool_float_set_and_tuple_exact(tmp_path):
    values = ["None", "True", "1", "1.0", "{3, 1}", "(1,)", "{'a': [None]}"]
    calls = [f"assert Solution().f(n = {i}) == {value}" for i, value in enumerate(values)]
    (problem,) = load("leetcode", path=write(tmp_path / "rows.jsonl", benchmark_row(calls)))
    wanted = [None, True, 1, 1.0, {3, 1}, (1,), {"a": [None]}]
    assert all(same(t.expected, value) for t, value in zip(problem.tests, wanted, strict=True))


def test_leetcode_counts_every_problem_and_test_it_leaves_out_under_its_reason(tmp_path):
    pairs = [
        ("n = 1", "-inf"),
        ("n = ...", "1"),
        ("m = 1", "1"),
        ("n = x", "1"),
        ("n = 1", ""),
        ("n = 1", "1"),
    ]
    rows = [
        v3_row([("n = [1]", "[1]")], "Optional[ListNode]", "n: Optional[ListNode]"),
        v3_row([("n = [1]", "[1]")], "None", "n: List[int]"),
        v3_row([("n = 1", "1")], setup="from numpy import array"),
        v3_row([("n = 1", "Error: no")]),
        v3_row([("n = 1", "1")]) | {"completion": STARTER.format("m, k", "int") + "return m"},
        v3_row(pairs),
    ]
    _, tally = leetcode.read_problems(path=write(tmp_path / "rows.jsonl", *rows))
    assert tally.skipped_problems == {
        "linked lists or trees": 1,
        "changes its input in place and returns nothing": 1,
        "setup code imports numpy": 1,
        "no test left": 1,
        "canonical solution takes other arguments": 1,
    }
    assert tally.skipped_tests == {
        "expected output is an error message": 1,
        "expected output is not a literal": 1,
        "input is not a plain value": 1,
        "input is not a literal": 1,
        "arguments do not fit the method": 1,
        "does not parse, or has no expected output": 1,
    }
    assert (tally.problems, tally.tests) == (1, 1)


SKIPPED = {
    "setup code does not parse": v3_row([("n = 1", "1")], setup="import ("),
    "test code does not parse": v2_row(["("]),
    "test code is no function": v2_row([]) | {"test": "assert True"},
    "canonical solution imports numpy": v3_row([("n = 1", "1")])
    | {"completion": "import numpy\n" + STARTER.format("n", "int") + "return n"},
    "canonical solution takes other arguments": v3_row([("n = 1, k = 2", "1")], arguments="n, k")
    | {"completion": STARTER.format("k, n", "int") + "return n"},
    "no statement": v3_row([("n = 1", "1")]) | {"problem_description": " "},
    "difficulty of another name": v3_row([("n = 1", "1")]) | {"difficulty": "Unrated"},
    "a row lacks difficulty": v3_row([("n = 1", "1")]) | {"difficulty": None},
    "a row lacks completion": v3_row([("n = 1", "1")]) | {"completion": None},
    "a row lacks question_id": v3_row([("n = 1", "1")]) | {"question_id": float("nan")},
    "a row lacks meta.question_id": v2_row(["candidate(1) == 1"])
    | {"meta": {"difficulty": "Easy"}},
    "a row lacks input_output": v3_row([]) | {"input_output": None},
    "no test left": v3_row([]),
}


@pytest.mark.parametrize("why", SKIPPED)
def test_leetcode_a_row_whose_code_is_not_in_form_is_counted_under_its_reason(tmp_path, why):
    _, tally = leetcode.read_problems(path=write(tmp_path / "rows.jsonl", SKIPPED[why]))
    assert tally.skipped_problems == {why: 1}


def test_leetcode_v2_a_statement_that_is_no_assert_is_no_test(tmp_path):
    row = v2_row(["candidate(n=1) == 1"])
    row["test"] += "    print(candidate(n=2) == 2)\n"
    (problem,), tally = leetcode.read_problems(path=write(tmp_path / "rows.jsonl", row))
    assert problem.tests == (Test("n = 1", 1),)
    assert tally.skipped_tests == {"not of the form f(...) == value": 1}


NO_ROWS = {
    "a line that is no JSON object": "5",
    "a row lacks starter_code: 1": '{"problem_description": "d"}',
}


@pytest.mark.parametrize("complaint", NO_ROWS)
def test_leetcode_a_line_that_is_no_problem_is_refused(tmp_path, complaint):
    path = tmp_path / "rows.jsonl"
    path.write_text(NO_ROWS[complaint] + "\n")
    with pytest.raises(Refusal, match=f"{complaint}.*; give"):
        load("leetcode", path=path)


def test_leetcode_setup_code_keeps_pow_with_three_arguments(tmp_path):
    row = benchmark_row(["assert Solution().f(n = 1) == 1"])
    (problem,) = load("leetcode", path=write(tmp_path / "rows.jsonl", row))
    scope: dict = {}
    exec(problem.setup_code, scope)
    assert scope["pow"](2, 5, 7) == 4


def test_leetcode_splits_a_training_file_by_content_in_the_stated_share(tmp_path):
    rows = [v3_row([(f"n = {i}", str(i))]) for i in range(400)]
    training = write(tmp_path / "train.jsonl", *rows)
    backwards = write(tmp_path / "backwards.jsonl", *rows[::-1])
    held_out = load("leetcode", "eval", path=training, eval_share=0.25)
    again = load("leetcode", "eval", path=backwards, eval_share=0.25)
    assert 60 <= len(held_out) <= 140
    assert {problem.hash for problem in held_out} == {problem.hash for problem in again}

    row = benchmark_row(["assert Solution().f(n = 1) == 1"])
    benchmark = write(tmp_path / "leetcode_train.jsonl", row)
    assert [p.split for p in load("leetcode", path=benchmark)] == ["train"]


NAMES = {
    "a_test.jsonl": "eval",
    "x-v0.3.1-test.jsonl": "eval",
    "test.jsonl": "eval",
    "leetcode_test_medhard.jsonl": "eval",
    "latest.jsonl": "train",
    "contest_train.jsonl": "train",
}


@pytest.mark.parametrize("name", NAMES)
def test_leetcode_a_file_with_the_word_test_in_its_name_is_for_evaluation(tmp_path, name):
    path = write(tmp_path / name, v3_row([("n = 1", "1")]))
    assert [p.split for p in load("leetcode", path=path, eval_share=0.0)] == [NAMES[name]]


def test_leetcode_v020s_test_file_is_used_whole_though_it_says_meidum(tmp_path):
    path = tmp_path / "LeetCodeDataset-v0.2.0-test.jsonl"
    rows = [v2_row([f"candidate(n = {i}) == {i}"]) for i in range(200)]
    for row in rows[::9][:21]:
        row["meta"]["difficulty"] = "Meidum"
    problems = load("leetcode", path=write(path, *rows))
    assert len(problems) == 200
    assert sum(p.difficulty == "medium" for p in problems) == 21


def test_leetcode_an_input_or_output_that_is_no_text_is_counted_as_a_test(tmp_path):
    row = v3_row([("n = 1", "1")])
    none = {"input": "n = 2", "output": None}
    no_number = {"input": "n = 3", "output": float("nan")}
    row["input_output"] += [none, no_number, {"output": "1"}, "n = 4"]
    (problem,), tally = leetcode.read_problems(path=write(tmp_path / "rows.jsonl", row))
    assert problem.tests == (Test("n = 1", 1),)
    assert tally.skipped_tests == {"does not parse, or has no expected output": 4}


def test_leetcode_a_number_beyond_all_bounds_is_no_plain_value(tmp_path):
    row = v3_row([("n = 1", "1"), ("n = 1e999", "1"), ("n = 2", "[1e999]")])
    _, tally = leetcode.read_problems(path=write(tmp_path / "rows.jsonl", row))
    assert tally.skipped_tests == {
        "input is not a plain value": 1,
        "expected output is not a plain value": 1,
    }


def test_leetcode_a_parameter_of_another_name_takes_the_starters(tmp_path):
    row = v2_row(["candidate(N=1) == 1", "candidate(2) == 2"])
    row["completion"] = STARTER.format("N", "int") + "return N"
    (problem,) = load("leetcode", path=write(tmp_path / "rows.jsonl", row))
    assert problem.tests == (Test("n = 1", 1), Test("n = 2", 2))


def test_leetcode_arguments_stand_in_the_methods_order(tmp_path):
    row = v3_row([("k = 2, n = 1", "1")], arguments="n, k")
    row["completion"] = STARTER.format("n, k", "int") + "return n"
    (problem,) = load("leetcode", path=write(tmp_path / "rows.jsonl", row))
    assert problem.tests == (Test("n = 1, k = 2", 1),)


def test_leetcode_a_row_of_no_form_is_counted_where_others_have_one(tmp_path):
    path = write(tmp_path / "rows.jsonl", {"id": 1}, v3_row([("n = 1", "1")]))
    _, tally = leetcode.read_problems(path=path)
    assert tally.problems == 1
    assert tally.skipped_problems == {"a row lacks starter_code": 1}


@pytest.mark.parametrize("name", FILES)
def test_leetcode_uses_or_counts_every_row_of_the_real_file(name):
    loaded, tally = read_once(name)
    assert len(loaded) == tally.problems >= 100
    assert tally.problems + tally.skipped_problems.total() == len(read_jsonl(real_file(name)))
    for problem in loaded:
        assert problem.tests
        assert problem.description.strip()
        assert f"def {problem.method}" in problem.starter_code
        values = [test.expected for test in problem.tests]
        assert all(same(ast.literal_eval(literal(value)), value) for value in values[:3])
        texts = [value for value in values if isinstance(value, str)]
        assert not any(text.startswith("Error:") for text in texts)
