"""The problems of the known files, and what makes a program an alternative."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from projected_grpo.problems import leetcode
from projected_grpo.problems.checkers import accepts
from projected_grpo.problems.checkers.table import TABLE
from projected_grpo.problems.problem import Problem, Test, arguments_of

DATA = TABLE.parents[1] / "../shared/data"
FILES = [
    DATA / "LeetCodeDataset-v0.2.0-train.jsonl.gz",
    DATA / "LeetCodeDataset-v0.3.0-test.jsonl.gz",
    DATA / "LeetCodeDataset-v0.3.1-test.jsonl.gz",
]
needs_data = pytest.mark.skipif(
    not all(file.is_file() for file in FILES), reason="no LeetCodeDataset files in ../shared/data"
)


@pytest.fixture(scope="session")
def known() -> dict[tuple[str, str], Problem]:
    """(id, method) -> problem, of every known file."""
    problems = {}
    for file in FILES:
        for problem in leetcode.read_problems(path=file, eval_share=0.0)[0]:
            problems.setdefault((problem.id, problem.method), problem)
    return problems


def programs_in(module: dict) -> dict[str, Callable]:
    """Problem id -> the function called leetcode_ID of a module's globals()."""
    named = {name: thing for name, thing in module.items() if name.startswith("leetcode_")}
    return {name.replace("_", "/"): function for name, function in named.items()}


def assert_alternative(problem: Problem, program: Callable, more: str | None = None) -> None:
    """Every answer of the program is right, and not every one is the expected one.

    more: the arguments of one more call, which the canonical solution answers.
    """
    tests = list(problem.tests[:10])
    if more:
        tests.append(Test(more, answered(problem, more)))
    assert any([is_another(problem.checker, test, program) for test in tests])


def is_another(checker: str, test: Test, program: Callable) -> bool:
    """Whether the answer is not the expected one; right it must be."""
    arguments = arguments_of(test.kwargs)
    answer = program(*deepcopy(list(arguments.values())))
    assert accepts(checker, arguments, test.expected, answer), (test, answer)
    return answer != test.expected


def answered(problem: Problem, kwargs: str) -> Any:
    """The canonical solution's answer."""
    scope: dict = {}
    exec(problem.setup_code + problem.canonical, scope)
    solve = getattr(scope["Solution"](), problem.method)
    return solve(**deepcopy(arguments_of(kwargs)))
