import ast
import builtins
import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from projected_grpo import leetcode, problems
from projected_grpo.problems import Problem, Test, literal, load

ROOT = Path(__file__).parents[2]
FAMILIES = {
    "benchmark": [leetcode.FILES["eval"], ROOT / "../shared/data/rl-rewardhacking-leetcode_test_medhard.jsonl.gz"],
    "v0.2.0": [ROOT / "../shared/data/LeetCodeDataset-v0.2.0-train.jsonl.gz"],
    "v0.3.1": [ROOT / "../shared/data/LeetCodeDataset-v0.3.1-test.jsonl.gz"],
}
MINI = load("mini")
STARTER = "class Solution:\n    def f(self, {}) -> {}:\n        "


def arguments(test: Test) -> dict:
    return eval(f"dict({test.kwargs})")


def runs(problem: Problem, code: str):
    scope: dict = {}
    exec(problem.setup_code, scope)
    exec(code, scope)
    return lambda test: getattr(scope["Solution"](), problem.method)(**arguments(test))


def same(a, b) -> bool:
    return type(a) is type(b) and a == b


def passes(function, problem: Problem) -> bool:
    return all(same(function(test), test.expected) for test in problem.tests)


def shape(code: str) -> str:
    """The syntax tree with variables called by order of appearance: equal for programs that differ in names only."""
    tree, names = ast.parse(code), {}
    for node in ast.walk(tree):
        for key in ("id", "arg", "name"):
            name = getattr(node, key, None)
            if isinstance(name, str) and name not in dir(builtins):
                setattr(node, key, names.setdefault(name, f"v{len(names)}"))
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.dump(tree)


# ---- mini


def test_mini_has_64_problems_or_more_and_a_third_of_them_is_not_easy():
    assert len(MINI) >= 64
    assert 3 * sum(p.difficulty != "easy" for p in MINI) >= len(MINI)
    assert {p.split for p in MINI} == {"sft", "train", "eval"}


def test_mini_ids_and_method_names_are_unique():
    assert len({p.id for p in MINI}) == len({p.method for p in MINI}) == len(MINI)


@pytest.mark.parametrize("problem", MINI, ids=lambda p: p.id)
def test_mini_canonical_solution_passes_at_least_8_different_tests(problem):
    assert passes(runs(problem, problem.canonical), problem)
    assert len({test.kwargs for test in problem.tests}) == len(problem.tests) >= 8


@pytest.mark.parametrize("problem", MINI, ids=lambda p: p.id)
def test_mini_stubs_that_return_a_constant_or_an_argument_fail(problem):
    for value in [0, 1, -1, True, False, None, "", [], *(t.expected for t in problem.tests)]:
        assert not passes(lambda test, value=value: value, problem)
    for name in arguments(problem.tests[0]):
        assert not passes(lambda test, name=name: arguments(test)[name], problem)


@pytest.mark.parametrize("problem", [p for p in MINI if isinstance(p.tests[0].expected, int)], ids=lambda p: p.id)
def test_mini_solutions_off_by_one_fail(problem):
    canonical = runs(problem, problem.canonical)
    assert not passes(lambda test: canonical(test) + 1, problem)
    assert not passes(lambda test: canonical(test) - 1, problem)


def test_mini_canonical_solution_completes_the_starter_code_and_tests_give_its_arguments():
    for p in MINI:
        assert p.canonical.startswith(p.starter_code.rstrip() + "\n")
        names = [a.arg for a in ast.parse(p.canonical).body[0].body[0].args.args]
        assert all(["self", *arguments(test)] == names for test in p.tests), p.id


def test_mini_tests_leave_their_inputs_as_they_were():
    for p in MINI:
        scope: dict = {}
        exec(p.setup_code + p.canonical, scope)
        for test in p.tests:
            given = arguments(test)
            before = copy.deepcopy(given)
            getattr(scope["Solution"](), p.method)(**given)
            assert given == before, p.id


def test_mini_example_in_the_description_is_the_first_test():
    for p in MINI:
        test = p.tests[0]
        assert p.description.endswith(f"Example:\nInput: {test.kwargs}\nOutput: {literal(test.expected)}"), p.id


def test_mini_no_two_problems_share_a_description_or_a_solution_up_to_names():
    assert len({p.description.partition("\n")[0].lower() for p in MINI}) == len(MINI)
    assert len({shape(p.canonical) for p in MINI}) == len(MINI)


def test_mini_refuses_a_row_that_is_not_what_its_hash_says():
    row = json.loads((problems.MINI / "eval.jsonl").read_text().splitlines()[0])
    assert problems.mini_problem(row, "eval").hash == row["hash"]
    row["tests"][0]["expected"] = "12345"
    with pytest.raises(SystemExit, match="not what its hash says"):
        problems.mini_problem(row, "eval")


# ---- the three file formats; rows as they stand in the files, cut to what is read


def write(path: Path, *rows: dict) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def benchmark_row(calls: list[str], returns: str = "int", arguments: str = "n: int") -> dict:
    ask = "Your solution to the problem should be a method of the class Solution called f and ..."
    return {
        "id": 7,
        "difficulty": "medium",
        "question": f"PROBLEM:\nAdd.\n\n{ask}",
        "func_name": "Solution().f",
        "gt_answer": calls,
        "canonical_solution": STARTER.format(arguments, returns) + "return n",
        "setup_code": "from operator import *\nfrom math import *\n",
        "prompt_metadata": {"starter_code": STARTER.format(arguments, returns)},
    }


def v3_row(pairs: list[tuple[str, str]], returns: str = "int", arguments: str = "n: int", setup: str = "") -> dict:
    return {
        "question_id": 8,
        "difficulty": "Hard",
        "problem_description": "Add.",
        "starter_code": STARTER.format(arguments, returns),
        "entry_point": "Solution().f",
        "completion": STARTER.format(arguments, returns) + "return n",
        "prompt": setup,
        "input_output": [{"input": given, "output": output} for given, output in pairs],
    }


def v2_row(checks: list[str], returns: str = "int", arguments: str = "n: int") -> dict:
    starter = STARTER.format(arguments, returns).rstrip()
    return {
        "meta": {"question_id": 9, "difficulty": "Easy", "question_title": "Add, with examples."},
        "query": f"Add.\nPlease complete the following python code precisely:\n```python\n{starter}\n```",
        "entry_point": "Solution().f",
        "completion": STARTER.format(arguments, returns) + "return n",
        "prompt": "",
        "test": "def check(candidate):\n" + "".join(f"    assert {check}\n" for check in checks),
    }


def test_leetcode_skips_error_outputs_also_inside_quotes_and_counts_them(tmp_path):
    calls = [
        "assert Solution().f(n = 1) == Error: list index out of range",
        "assert Solution().f(n = 2) == Execution timed out",
        'assert Solution().f(n = 3) == "Error: string index out of range"',
        'assert Solution().f(n = 4) == "an Error: inside is text"',
    ]
    path = write(tmp_path / "rows.jsonl", benchmark_row(calls, returns="str"))
    (problem,), kept = leetcode.load(path=path)
    assert problem.tests == (Test("n = 4", "an Error: inside is text"),)
    assert kept.skipped_tests == {"expected output is an error message": 3}
    assert (kept.problems, kept.tests) == (1, 1)


def test_leetcode_v3_strings_get_quotes_only_where_the_method_returns_str(tmp_path):
    rows = v3_row([("n = 1", "8"), ("n = 2", ""), ("n = 3", "it's")], "str"), v3_row([("n = 1", "8")], "int")
    text, number = load("leetcode", path=write(tmp_path / "rows.jsonl", *rows))
    assert [t.expected for t in text.tests] == ["8", "", "it's"]
    assert [t.expected for t in number.tests] == [8]


def test_leetcode_v2_takes_quoted_strings_and_names_positional_arguments(tmp_path):
    row = v2_row(["candidate('a b') == 'b a'", "candidate(n='', k=-1) == ''"], "str", "n: str, k: int = 0")
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
    rows = [
        v3_row([("n = [1]", "[1]")], "Optional[ListNode]", "n: Optional[ListNode]"),
        v3_row([("n = [1]", "[1]")], "None", "n: List[int]"),
        v3_row([("n = 1", "1")], setup="from sortedcontainers import SortedList"),
        v3_row([("n = 1", "Error: no")]),
        v3_row([("n = 1", "1")]) | {"completion": STARTER.format("m: int", "int") + "return m"},
        v3_row([("n = 1", "-inf"), ("n = ...", "1"), ("m = 1", "1"), ("n = x", "1"), ("n = 1", ""), ("n = 1", "1")]),
    ]
    kept = leetcode.load(path=write(tmp_path / "rows.jsonl", *rows))[1]
    assert kept.skipped_problems == {
        "linked lists or trees": 1,
        "changes its input in place and returns nothing": 1,
        "setup code imports sortedcontainers": 1,
        "no test left": 1,
        "canonical solution takes other arguments": 1,
    }
    assert kept.skipped_tests == {
        "expected output is an error message": 1,
        "expected output is not a literal": 1,
        "input is not a plain value": 1,
        "input is not a literal": 1,
        "arguments do not fit the method": 1,
        "does not parse, or has no expected output": 1,
    }
    assert (kept.problems, kept.tests) == (1, 1)


def test_leetcode_setup_code_keeps_pow_with_three_arguments(tmp_path):
    (problem,) = load("leetcode", path=write(tmp_path / "r.jsonl", benchmark_row(["assert Solution().f(n = 1) == 1"])))
    scope: dict = {}
    exec(problem.setup_code, scope)
    assert scope["pow"](2, 5, 7) == 4


def test_leetcode_splits_by_file_name_or_else_by_content_in_the_stated_share(tmp_path):
    rows = [v3_row([(f"n = {i}", str(i))]) for i in range(400)]
    training = write(tmp_path / "train.jsonl", *rows)
    backwards = write(tmp_path / "backwards.jsonl", *rows[::-1])
    held_out = {p.hash for p in load("leetcode", "eval", path=training, eval_share=0.25)}
    assert 60 <= len(held_out) <= 140
    assert held_out == {p.hash for p in load("leetcode", "eval", path=backwards, eval_share=0.25)}
    assert len(load("leetcode", split="eval", path=write(tmp_path / "a_test.jsonl", *rows))) == 400
    benchmark = write(tmp_path / "leetcode_train.jsonl", benchmark_row(["assert Solution().f(n = 1) == 1"]))
    assert [p.split for p in load("leetcode", path=benchmark)] == ["train"]


@pytest.mark.parametrize("family", FAMILIES)
def test_leetcode_reads_the_real_file(family):
    path = next((p for p in FAMILIES[family] if p.is_file()), None)
    if path is None:
        pytest.skip(f"no {family} data file here: run `just sync-external`, or put it in ../shared/data")
    loaded, kept = leetcode.load(path=path)
    assert len(loaded) == kept.problems >= 100
    assert all(p.tests and p.description.strip() and f"def {p.method}" in p.starter_code for p in loaded)
    some = [t.expected for p in loaded for t in p.tests[:3]]
    assert all(same(ast.literal_eval(literal(value)), value) for value in some)
    assert not any(isinstance(t.expected, str) and t.expected.startswith("Error:") for p in loaded for t in p.tests)


# ---- both


def test_hash_is_the_same_in_a_process_with_other_string_hashes():
    code = "from projected_grpo.problems import *; " + (
        "print(Problem('a', 'mini', 'easy', 'sft', 'd', 's', 'f', 'c', (Test('n = 1', {'x', 'yy', 'zzz'}),), '').hash)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    hashes = {
        subprocess.check_output([sys.executable, "-c", code], env={**environment, "PYTHONHASHSEED": seed})
        for seed in ("1", "2", "3")
    }
    assert len(hashes) == 1


def test_options_select_shuffle_and_limit():
    assert {p.difficulty for p in load("mini", difficulty="medium,hard")} == {"medium", "hard"}
    assert all(len(p.description) <= 200 for p in load("mini", max_description_chars=200))
    assert all(len(p.tests) >= 10 for p in load("mini", min_tests=10))
    assert load("mini", seed=1, limit=5) == load("mini", seed=1, limit=5) != load("mini", seed=2, limit=5)
    assert load("mini", split="eval", limit=5) == load("mini", split="eval")[:5]


@pytest.mark.parametrize(
    "source, options",
    [
        ("nowhere", {}),
        ("mini", {"split": "test"}),
        ("mini", {"path": "x"}),
        ("mini", {"difficulty": "trivial"}),
        ("mini", {"min_tests": 1000}),
        ("leetcode", {"path": "/no/such/file.jsonl"}),
        ("leetcode", {"path": __file__}),
        ("leetcode", {"path": str(problems.MINI / "sft.jsonl")}),
        ("leetcode", {"split": "sft"}),
    ],
)
def test_bad_input_ends_in_one_line_with_a_remedy(source, options):
    with pytest.raises(SystemExit) as stopped:
        load(source, **options)
    assert stopped.value.code.startswith("projected_grpo: ") and ";" in stopped.value.code
    assert "\n" not in stopped.value.code


def test_a_damaged_gz_file_ends_in_one_line(tmp_path):
    (tmp_path / "rows.jsonl.gz").write_bytes(b"\x1f\x8b not really")
    with pytest.raises(SystemExit, match="cannot read problems from"):
        load("leetcode", path=tmp_path / "rows.jsonl.gz")


def test_missing_external_says_just_sync_external(monkeypatch, tmp_path):
    monkeypatch.setattr(leetcode, "FILES", {"train": tmp_path / "absent.jsonl"})
    with pytest.raises(SystemExit, match="just sync-external"):
        load("leetcode", split="train")


def test_command_line_prints_a_row_for_each_split(capsys):
    problems.main(["mini"])
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split()[0] for row in rows] == ["sft", "train", "eval"]
    assert sum(int(row.split()[4]) for row in rows) == len(MINI)
