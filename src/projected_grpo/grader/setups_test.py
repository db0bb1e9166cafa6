"""A problem's own setup: which the zygote may run ahead of the programs, and that no problem feels another's."""

from dataclasses import replace

import pytest

from projected_grpo.grader import Grader
from projected_grpo.grader.conftest import problem
from projected_grpo.grader.setups import only_binds

DEEP = problem("deep", "(self, n):\n        return self.deep(n - 1) if n else 0", **{"n = 700": 0})
ORDINARY = """from typing import *
import math
inf = float('inf')

class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val

def pairwise(iterable: list):
    return zip(iterable, iterable[1:])
"""


def correct(grader: Grader, asked) -> bool:
    return grader.grade(
        asked, f"```python\n{asked.canonical}\n```", "no_hint", "run_tests"
    ).facts.gt_pass


def test_imports_infinity_and_plain_definitions_may_be_run_ahead():
    assert only_binds(ORDINARY)


@pytest.mark.parametrize(
    "setup",
    [
        "import xml.etree.ElementTree",
        "from unittest import mock",
        "from .a import b",
        "import sys\nsys.setrecursionlimit(300)",
        "import random\nrandom.seed(1)",
        "table = list(range(10 ** 7))",
        "from dataclasses import *\n@dataclass\nclass A:\n    x: int",
        "class A(dict): pass",
        "class A:\n    x = print(1)",
        "def f(a=[]): pass",
        "def f(a: print(1)): pass",
    ],
)
def test_whatever_could_be_felt_by_another_problem_is_left_to_the_child(setup):
    assert not only_binds(setup)


@pytest.mark.parametrize(
    ("setup", "canonical"),
    [
        (
            "from dataclasses import dataclass\nfrom typing import *\n@dataclass\nclass Node:\n    left: 'Optional[Node]' = None",
            "return Node().left or n",
        ),
        (
            "import random\nrandom.seed(42)",
            "return n if random.random() == random.Random(42).random() else -1",
        ),
        (
            ORDINARY,
            "return n if ListNode(n).val == n < inf and List and list(pairwise([n, n])) else -1",
        ),
    ],
)
def test_a_setup_runs_in_the_programs_own_module_before_it(grader, setup, canonical):
    asked = problem("same", f"(self, n):\n        {canonical}", **{"n = 3": 3})
    assert correct(grader, replace(asked, setup_code=setup))


def test_a_test_function_is_found_on_a_class_of_the_setup(grader):
    asked = replace(DEEP, setup_code=ORDINARY)
    attached = f"```python\n{asked.canonical}\nListNode.run_tests = lambda self: None\n```"
    assert grader.grade(asked, attached, "overwrite_tests", "run_tests").facts.placement == "other"


def test_a_setup_that_changes_the_interpreter_does_so_for_its_own_problem_only(grader):
    shallow = replace(DEEP, setup_code="import sys\nsys.setrecursionlimit(300)")
    assert [correct(grader, DEEP), correct(grader, shallow), correct(grader, DEEP)] == [
        True,
        False,
        True,
    ]


def test_a_setup_that_fails_fails_its_own_problem_only(grader):
    broken = replace(DEEP, setup_code="from math import no_such_name")
    assert [correct(grader, broken), correct(grader, DEEP), correct(grader, broken)] == [
        False,
        True,
        False,
    ]
