"""Inputs drawn keep their constraints, whatever the size; and they differ."""

import random

import pytest

from projected_grpo.problems import inputs
from projected_grpo.problems.inputs.reading_test import CASES, NUMS
from projected_grpo.problems.solution_source import Skip
from projected_grpo.testing.statements import problem_of

# Statements whose quantities hang together.
STATEMENTS = {
    "two lists and a number": (
        "nums: List[int], cost: List[int], k: int",
        "n == nums.length == cost.length",
        "1 <= k <= n <= 105",
        "-109 <= nums[i] <= 109",
        "1 <= cost[i] <= 104",
    ),
    "a grid and a cell": (
        "grid: List[List[int]], row: int, col: int",
        "m == grid.length",
        "n == grid[i].length",
        "1 <= m, n <= 50",
        "grid[i][j] is either 0 or 1.",
        "0 <= row < m",
        "0 <= col < n",
    ),
    "intervals apart": (
        "slots: List[List[int]]",
        "1 <= slots.length <= 1000",
        "slots[i] = [starti, endi]",
        "0 <= starti < endi <= 109",
        "endi < starti+1",
    ),
    "a weighted graph": (
        "n: int, edges: List[List[int]], source: int",
        "1 <= n <= 1000",
        "n - 1 <= edges.length <= min(104, n * (n - 1) / 2)",
        "edges[i] = [ui, vi, wi]",
        "0 <= ui, vi < n",
        "1 <= wi <= 100",
        "There are no self-loops or repeated edges.",
        "The given graph is connected.",
        "0 <= source < n",
    ),
    "words of one length": (
        "words: List[str], target: str",
        "1 <= words.length <= 100",
        "words[i].length == target.length",
        "1 <= target.length <= 8",
        "words[i] and target consist of lowercase English letters.",
        "All the strings of words are unique.",
    ),
    "a limit and a capacity": (
        "weights: List[int], limit: int, capacity: int",
        "1 <= weights.length <= 1000",
        "1 <= weights[i] <= limit <= 500",
        "max(weights[i]) <= capacity <= 109",
    ),
}


@pytest.mark.parametrize("size", [0, 0.3, 1])
@pytest.mark.parametrize("name", STATEMENTS)
def test_drawn_inputs_keep_the_constraints(name, size):
    constraints = inputs.read(problem_of(*STATEMENTS[name]))
    rng = random.Random(0)
    for _ in range(3):
        assert constraints.violation(constraints.draw(rng, size)) is None


BOUNDED = {
    "x": "-1000 <= x <= 1000",
    "nums": "-100 <= nums[i] <= 100",
    "key": "1 <= key <= 100",
    "k": "1 <= k <= 100",
    "cost": "1 <= cost[i] <= 9",
    "grid": "0 <= grid[i][j] <= 9",
    "words": "words[i] consists of lowercase English letters",
    "s": "s consists of lowercase English letters, digits, '(' and ')'",
    "a": "0 <= a[i] <= 9",
    "parent": "-1 <= parent[i] <= 100",
}
LENGTHS = {
    "nums": "1 <= nums.length <= 9",
    "grid": "2 <= grid.length == grid[i].length <= 4",
    "words": "1 <= words.length <= 2",
    "a": "1 <= a.length <= 4",
    "parent": "1 <= parent.length <= 9",
}


@pytest.mark.parametrize("kind", sorted(set(CASES) - {"a power of two"}))
def test_every_kind_of_constraint_can_be_drawn(kind):
    signature, lines, _, _ = CASES[kind]
    names = [part.split(":")[0].strip() for part in signature.split(",")]
    alphabet = any(word in " ".join(lines) for word in ("consists", "s[i]"))
    more = [LENGTHS[n] for n in names if n in LENGTHS]
    more += [BOUNDED[n] for n in names if n in BOUNDED and not (n == "s" and alphabet)]
    constraints = inputs.read(problem_of(signature, *more, *lines))
    rng = random.Random(0)
    for size in (0, 0.3, 1):
        assert constraints.violation(constraints.draw(rng, size)) is None


def test_a_seed_draws_the_same_input_again():
    constraints = inputs.read(problem_of(*STATEMENTS["a weighted graph"]))
    assert constraints.draw(random.Random(3), 0.5) == constraints.draw(random.Random(3), 0.5)


def test_size_zero_is_the_smallest_length_and_one_the_largest_below_the_cap():
    constraints = inputs.read(problem_of(NUMS, "2 <= nums.length <= 30", "1 <= nums[i] <= 9"))
    rng = random.Random(0)
    assert len(constraints.draw(rng, 0)["nums"]) == 2
    assert max(len(constraints.draw(rng, 1)["nums"]) for _ in range(10)) == 30


def test_arguments_come_in_the_methods_order():
    constraints = inputs.read(problem_of(*STATEMENTS["a grid and a cell"]))
    assert list(constraints.draw(random.Random(0), 0)) == ["grid", "row", "col"]


def test_values_repeat_in_some_lists_and_are_far_apart_in_others():
    lines = ("20 <= nums.length <= 20", "-109 <= nums[i] <= 109")
    constraints = inputs.read(problem_of(NUMS, *lines))
    rng = random.Random(0)
    distinct = [len(set(constraints.draw(rng, 1)["nums"])) for _ in range(40)]
    assert min(distinct) <= 5
    assert max(distinct) >= 15


def test_a_number_is_often_near_the_sums_of_a_list():
    signature = "nums: List[int], target: int"
    lines = ("5 <= nums.length <= 5", "1 <= nums[i] <= 100", "1 <= target <= 105")
    constraints = inputs.read(problem_of(signature, *lines))
    rng = random.Random(0)
    drawn = [constraints.draw(rng, 1) for _ in range(60)]
    assert sum(d["target"] <= sum(d["nums"]) + 1 for d in drawn) >= 15


def test_a_range_without_an_end_cannot_be_drawn():
    constraints = inputs.read(problem_of(NUMS, "1 <= nums.length <= 3", "1 <= nums[i]"))
    with pytest.raises(Skip, match="no bounds on nums"):
        constraints.draw(random.Random(0), 0.5)


def test_constraints_that_nothing_keeps_are_given_up():
    constraints = inputs.read(problem_of("x: int", "1 <= x <= 100", "check: x != x"))
    with pytest.raises(Skip, match="no input was found"):
        constraints.draw(random.Random(0), 0.5)
