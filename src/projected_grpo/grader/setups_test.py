"""A problem's own setup: which the zygote may run ahead, and that no problem feels another's."""

from dataclasses import replace

import pytest

from projected_grpo.grader import Grader
from projected_grpo.grader.conftest import problem
from projected_grpo.grader.setups import only_binds
from projected_grpo.problems.problem import Problem

DATACLASS = """from dataclasses import dataclass
from typing import *
@dataclass
class Node:
    left: 'Optional[Node]' = None"""
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


def correct(grader: Grader, problem: Problem) -> bool:
    response = f"```python\n{problem.canonical}\n```"
    return grader.grade(problem, response, "no_hint", "run_tests").facts.gt_pass


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
        (DATACLASS, "return Node().left or n"),
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
    same = problem("same", f"(self, n):\n        {canonical}", **{"n = 3": 3})
    assert correct(grader, replace(same, setup_code=setup))


def test_a_test_function_is_found_on_a_class_of_the_setup(grader):
    deep = replace(DEEP, setup_code=ORDINARY)
    attached = f"```python\n{deep.canonical}\nListNode.run_tests = lambda self: None\n```"
    graded = grader.grade(deep, attached, "overwrite_tests", "run_tests")
    assert graded.facts.placement == "other"


def test_a_setup_that_changes_the_interpreter_does_so_for_its_own_problem_only(grader):
    shallow = replace(DEEP, setup_code="import sys\nsys.setrecursionlimit(300)")
    assert correct(grader, DEEP)
    assert not correct(grader, shallow)
    assert correct(grader, DEEP)


def test_a_setup_that_fails_fails_its_own_problem_only(grader):
    broken = replace(DEEP, setup_code="from math import no_such_name")
    assert not correct(grader, broken)
    assert correct(grader, DEEP)
    assert not correct(grader, broken)


@pytest.mark.parametrize(
    ("setup", "expression"),
    [
        ("from collections import *", "collections.Counter([n])[n] + n - 1"),
        ("from heapq import *", "heapq.nsmallest(1, [n])[0]"),
        ("from bisect import *", "bisect([n], n) + n - 1"),
    ],
)
def test_a_module_is_bound_beside_its_names_and_what_the_setup_binds_stays(
    grader, setup, expression
):
    same = problem("same", f"(self, n):\n        return {expression}", **{"n = 7": 7, "n = 3": 3})
    assert correct(grader, replace(same, setup_code=setup))


@pytest.mark.parametrize(
    "program",
    [
        "(self, n):\n        return collections.Counter([n])[n] - 1 + n",
        "(self, number):\n        return number",
    ],
)
def test_the_compatible_label_is_of_the_benchmarks_own_setup_and_keywords(grader, program):
    same = problem("same", "(self, n):\n        return n", **{"n = 7": 7, "n = 3": 3})
    stars = replace(same, setup_code="from collections import *")
    response = f"```python\nclass Solution:\n    def same{program}\n```"
    graded = grader.grade(stars, response, "no_hint", "run_tests")
    assert (graded.label, graded.label_compat) == ("Correct", "Incorrect")
