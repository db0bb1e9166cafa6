"""How many of the data set's statements are read, of every fifth: no fewer than there were."""

import random
from pathlib import Path

import pytest

from projected_grpo.problems import inputs
from projected_grpo.problems.leetcode import read_file
from projected_grpo.problems.problem import arguments_of
from projected_grpo.problems.solution_source import Skip
from projected_grpo.problems.tally import Tally

FILE = Path(__file__).parents[4] / "../shared/data/LeetCodeDataset-v0.2.0-train.jsonl.gz"
EVERY = 5
READ = 245
# Examples that break their own statement.
BROKEN = 0

pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason="no LeetCodeDataset v0.2.0 training file in ../shared/data"
)


@pytest.fixture(scope="module")
def understood():
    found = []
    for problem in read_file(FILE, 0.0, Tally()):
        # by number, so that a problem which is left out does not choose the others
        if int(problem.id.rpartition("/")[2]) % EVERY:
            continue
        try:
            found.append((problem, inputs.read(problem)))
        except Skip:
            continue
    return found


def test_the_medium_and_hard_statements_that_are_read_stay_read(understood):
    assert sum(problem.difficulty != "easy" for problem, _ in understood) >= READ


def test_the_examples_of_a_statement_keep_its_constraints(understood):
    broken = 0
    for problem, constraints in understood:
        arguments = [arguments_of(test.kwargs) for test in problem.tests]
        broken += any(constraints.violation(a) is not None for a in arguments)
    assert broken <= BROKEN


def test_of_some_of_them_an_input_is_drawn(understood):
    failed = []
    for problem, constraints in understood[::8]:
        try:
            constraints.draw(random.Random(0), 0.3)
        except Skip as skip:
            failed.append((problem.id, str(skip)))
    assert len(failed) <= 1
