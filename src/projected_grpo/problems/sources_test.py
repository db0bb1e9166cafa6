import ast
import builtins
import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from projected_grpo.problems import __main__, leetcode, mini
from projected_grpo.problems.problem import Problem, Test, literal
from projected_grpo.problems.sources import load

ROOT = Path(__file__).parents[3]
MINI = load("mini")


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
    """The syntax tree with variables called by order of appearance.

    Equal for programs that differ in names only.
    """
    tree = ast.parse(code)
    names: dict[str, str] = {}
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


@pytest.mark.parametrize(
    "problem", [p for p in MINI if isinstance(p.tests[0].expected, int)], ids=lambda p: p.id
)
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
            inputs = arguments(test)
            before = copy.deepcopy(inputs)
            getattr(scope["Solution"](), p.method)(**inputs)
            assert inputs == before, p.id


def test_mini_example_in_the_description_is_the_first_test():
    for p in MINI:
        test = p.tests[0]
        example = f"Example:\nInput: {test.kwargs}\nOutput: {literal(test.expected)}"
        assert p.description.endswith(example), p.id


def test_mini_no_two_problems_share_a_description_or_a_solution_up_to_names():
    assert len({p.description.partition("\n")[0].lower() for p in MINI}) == len(MINI)
    assert len({shape(p.canonical) for p in MINI}) == len(MINI)


def test_mini_refuses_a_row_that_is_not_what_its_hash_says():
    row = json.loads((mini.MINI / "eval.jsonl").read_text().splitlines()[0])
    assert mini.mini_problem(row, "eval").hash == row["hash"]
    row["tests"][0]["expected"] = "12345"
    with pytest.raises(SystemExit, match="not what its hash says"):
        mini.mini_problem(row, "eval")


def test_hash_is_the_same_in_a_process_with_other_string_hashes():
    code = (
        "from projected_grpo.problems import *; "
        "tests = (Test('n = 1', {'x', 'yy', 'zzz'}),); "
        "print(Problem('a', 'mini', 'easy', 'sft', 'd', 's', 'f', 'c', tests, '').hash)"
    )
    hashes = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": seed}
        hashes.add(subprocess.check_output([sys.executable, "-c", code], env=environment))
    assert len(hashes) == 1


def test_options_select_shuffle_and_limit():
    assert {p.difficulty for p in load("mini", difficulty="medium,hard")} == {"medium", "hard"}
    assert all(len(p.description) <= 200 for p in load("mini", max_description_chars=200))
    assert all(len(p.tests) >= 10 for p in load("mini", min_tests=10))
    first, again, other = (load("mini", seed=seed, limit=5) for seed in (1, 1, 2))
    assert first == again != other
    assert load("mini", split="eval", limit=5) == load("mini", split="eval")[:5]


BAD = [
    ("nowhere", {}),
    ("mini", {"split": "test"}),
    ("mini", {"path": "x"}),
    ("mini", {"difficulty": "trivial"}),
    ("mini", {"min_tests": 1000}),
    ("mini", {"max_description_chars": 0}),
    ("leetcode", {"path": "/no/such/file.jsonl"}),
    ("leetcode", {"path": __file__}),
    ("leetcode", {"path": str(mini.MINI / "sft.jsonl")}),
    ("leetcode", {"split": "sft"}),
]


@pytest.mark.parametrize(("source", "options"), BAD)
def test_bad_input_ends_in_one_line_with_a_remedy(source, options):
    with pytest.raises(SystemExit) as stopped:
        load(source, **options)
    assert stopped.value.code.startswith("projected_grpo: ")
    assert ";" in stopped.value.code
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
    __main__.main(["mini"])
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split()[0] for row in rows] == ["sft", "train", "eval"]
    assert sum(int(row.split()[4]) for row in rows) == len(MINI)
