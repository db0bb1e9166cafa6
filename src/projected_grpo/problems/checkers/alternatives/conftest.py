"""What makes a program an alternative: its answers are right, and not all are the expected ones."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from projected_grpo.problems.checkers import accepts
from projected_grpo.problems.problem import Problem, Test, arguments_of


@dataclass(frozen=True)
class Alternative:
    """more: the arguments of one more call, which the canonical solution answers."""

    problem_id: str
    program: Callable
    more: str | None

    def assert_accepted(self, checked: dict[str, Problem]) -> None:
        """On the problem's first tests. checked: by id."""
        problem = checked[self.problem_id]
        tests = list(problem.tests[:10])
        if self.more:
            tests.append(Test(self.more, answered(problem, self.more)))
        assert any([self.is_another(problem.checker, test) for test in tests])

    def is_another(self, checker: str, test: Test) -> bool:
        """Whether the answer is not the expected one; right it must be."""
        arguments = arguments_of(test.kwargs)
        answer = self.program(*deepcopy(list(arguments.values())))
        assert accepts(checker, arguments, test.expected, answer), (test, answer)
        return answer != test.expected


def pytest_generate_tests(metafunc) -> None:
    """A test of an alternative is run for each function leetcode_ID of its module, with the
    arguments that the module's MORE has for it.
    """
    if "alternative" not in metafunc.fixturenames:
        return
    more = getattr(metafunc.module, "MORE", {})
    found = []
    for name, function in vars(metafunc.module).items():
        if name.startswith("leetcode_"):
            problem_id = name.replace("_", "/")
            found.append(Alternative(problem_id, function, more.get(problem_id)))
    metafunc.parametrize("alternative", found, ids=lambda each: each.problem_id)


def answered(problem: Problem, kwargs: str) -> Any:
    """The canonical solution's answer."""
    scope: dict = {}
    exec(problem.setup_code + problem.canonical, scope)
    solve = getattr(scope["Solution"](), problem.method)
    return solve(**deepcopy(arguments_of(kwargs)))


@pytest.fixture(scope="session")
def checked(known) -> dict[str, Problem]:
    """Problem id -> the one problem of this id that has a checker."""
    problems = [problem for problem in known.values() if problem.checker != "equal"]
    by_id = {problem.id: problem for problem in problems}
    assert len(by_id) == len(problems)
    return by_id
