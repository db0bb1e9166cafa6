"""Every kind of constraint is broken by an input made for that, and kept by its neighbour."""

import pytest

from projected_grpo.problems import inputs
from projected_grpo.problems.solution_source import Skip
from projected_grpo.testing.statements import problem_of

NUMS = "nums: List[int]"
EDGES = "n: int, edges: List[List[int]]"
WIDE = ("1 <= nums.length <= 100", "-100 <= nums[i] <= 100")
GRAPH = (
    "1 <= n <= 100",
    "0 <= edges.length <= 100",
    "edges[i] = [ai, bi]",
    "0 <= ai, bi < n",
)
WORD = ("1 <= s.length <= 30",)
LETTERS = (*WORD, "s consists of lowercase English letters.")


def graph(n: int, *edges: list[int]) -> dict:
    return {"n": n, "edges": list(edges)}


def nums(*values: int) -> dict:
    return {"nums": list(values)}


def text(s: str) -> dict:
    return {"s": s}


# Signature, lines, an input that keeps them, one that breaks the last.
CASES = {
    "a length": (NUMS, ["1 <= nums.length <= 3"], nums(1, 2, 3), nums(1, 2, 3, 4)),
    "a lost power": (NUMS, ["0 <= nums[i] <= 104"], nums(10000), nums(10001)),
    "a power kept": (NUMS, ["0 <= nums[i] <= 10^4"], nums(10000), nums(10001)),
    "a power of two": ("x: int", ["-231 <= x <= 231 - 1"], {"x": 2**31 - 1}, {"x": 2**31}),
    "a plain hundred": ("x: int", ["1 <= x <= 100"], {"x": 100}, {"x": 101}),
    "thousands": ("x: int", ["1 <= x <= 50,000"], {"x": 50000}, {"x": 50001}),
    "a size": (
        "nums: List[int], cost: List[int]",
        ["n == nums.length == cost.length", "1 <= n <= 9"],
        {"nums": [1], "cost": [2]},
        {"nums": [1], "cost": [2, 3]},
    ),
    "a multiple of a size": (NUMS, ["nums.length == 2 * n"], nums(1, 2), nums(1)),
    "a rectangle": (
        "grid: List[List[int]]",
        ["m == grid.length", "n == grid[i].length", "1 <= m, n <= 5"],
        {"grid": [[1, 2], [3, 4]]},
        {"grid": [[1, 2], [3]]},
    ),
    "k in a length": (
        f"{NUMS}, k: int",
        ["1 <= k <= nums.length"],
        {"nums": [5], "k": 1},
        {"nums": [5], "k": 2},
    ),
    "columns": (EDGES, [*GRAPH, "ai != bi"], graph(3, [0, 1]), graph(3, [1, 1])),
    "the next one": (NUMS, ["nums[i] <= nums[i + 1]"], nums(1, 1, 2), nums(2, 1)),
    "an index itself": (NUMS, ["0 <= nums[i] <= i"], nums(0, 1), nums(1, 1)),
    "a sum": (
        "words: List[str]",
        ["1 <= sum(words[i].length) <= 4"],
        {"words": ["ab", "cd"]},
        {"words": ["ab", "cde"]},
    ),
    "a pair of indices": (
        "grid: List[List[int]]",
        ["grid[i][j] == grid[j][i]"],
        {"grid": [[0, 1], [1, 0]]},
        {"grid": [[0, 1], [2, 0]]},
    ),
    "letters": ("s: str", [*LETTERS], text("ab"), text("aB")),
    "digits": ("s: str", [*WORD, "s consists of digits only."], text("012"), text("a")),
    "quoted characters": (
        "s: str",
        [*WORD, "s[i] is either '(' or ')'."],
        text("(()"),
        text("(]"),
    ),
    "choices": (NUMS, [*WIDE, "nums[i] is 0 or 1."], nums(0, 1), nums(2)),
    "choices and a range": (
        NUMS,
        [*WIDE, "nums[i] is either -1 or in the range [1, 5]."],
        nums(-1, 5),
        nums(0),
    ),
    "distinct": (NUMS, [*WIDE, "All the integers of nums are unique."], nums(1, 2), nums(1, 1)),
    "distinct rows": (
        EDGES,
        [*GRAPH, "All the pairs (ai, bi) are distinct."],
        graph(3, [0, 1], [1, 0]),
        graph(3, [0, 1], [0, 1]),
    ),
    "a distinct column": (
        EDGES,
        [*GRAPH, "ai is unique."],
        graph(3, [0, 0], [1, 0]),
        graph(3, [0, 1], [0, 2]),
    ),
    "sorted": (NUMS, [*WIDE, "nums is sorted in non-decreasing order."], nums(1, 1), nums(2, 1)),
    "strictly sorted": (
        NUMS,
        [*WIDE, "nums is sorted in a strictly increasing order."],
        nums(1, 2),
        nums(1, 1),
    ),
    "rotated": (
        NUMS,
        [*WIDE, "nums is sorted and rotated between 1 and n times."],
        nums(2, 3, 1),
        nums(2, 1, 3, 0),
    ),
    "a permutation": (
        NUMS,
        [*WIDE, "nums is a permutation of the integers in the range [1, n]."],
        nums(2, 1),
        nums(2, 3),
    ),
    "a permutation of another": (
        "a: List[int], b: List[int]",
        ["b is a permutation of a."],
        {"a": [1, 2], "b": [2, 1]},
        {"a": [1, 2], "b": [2, 2]},
    ),
    "a member": (
        f"{NUMS}, key: int",
        ["key is an integer from the array nums."],
        {"nums": [4], "key": 4},
        {"nums": [4], "key": 5},
    ),
    "at least one": (NUMS, ["There is at least one 0 in nums."], nums(0), nums(1)),
    "twice but one": (
        NUMS,
        ["Each element in nums appears twice except for one element which appears once."],
        nums(1, 2, 1),
        nums(1, 2),
    ),
    "an even length": (NUMS, ["nums.length is even."], nums(1, 2), nums(1)),
    "even elements": (NUMS, ["nums[i] is even."], nums(2, 4), nums(2, 3)),
    "a tree": (
        EDGES,
        [*GRAPH, "edges represents a valid tree."],
        graph(3, [0, 1], [1, 2]),
        graph(4, [0, 1], [1, 2], [2, 0]),
    ),
    "connected": (
        EDGES,
        [*GRAPH, "The given graph is connected."],
        graph(2, [0, 1]),
        graph(3, [0, 1]),
    ),
    "no repeated edges": (
        EDGES,
        [*GRAPH, "There are no repeated edges."],
        graph(3, [0, 1], [1, 2]),
        graph(3, [0, 1], [1, 0]),
    ),
    "no loops": (EDGES, [*GRAPH, "There are no self-loops."], graph(2, [0, 1]), graph(2, [1, 1])),
    "acyclic": (
        EDGES,
        [*GRAPH, "The given graph is a directed acyclic graph."],
        graph(3, [0, 1], [0, 2], [1, 2]),
        graph(3, [0, 1], [1, 2], [2, 0]),
    ),
    "parents": (
        "parent: List[int]",
        ["parent represents a valid tree."],
        {"parent": [-1, 0, 0]},
        {"parent": [-1, 2, 1]},
    ),
    "single blanks": (
        "s: str",
        [*WORD, "All the words in s are separated by a single space."],
        text("a b"),
        text("a  b"),
    ),
    "no leading zeros": (
        "s: str",
        [*WORD, "s does not contain any leading zeros."],
        text("10"),
        text("01"),
    ),
    "balanced": (
        "s: str",
        [*WORD, "s is a valid parentheses string."],
        text("(())"),
        text("())("),
    ),
    "a predicate": (NUMS, ["check: sum(nums) % 3 == 0"], nums(1, 2), nums(1, 1)),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_constraint_is_kept_or_broken(kind):
    signature, lines, good, bad = CASES[kind]
    constraints = inputs.read(problem_of(signature, *lines))
    assert constraints.violation(good) is None
    assert constraints.violation(bad) is not None


def test_a_violation_names_its_line():
    constraints = inputs.read(problem_of(NUMS, "1 <= nums.length <= 3"))
    assert constraints.violation({"nums": []}) == "against: 1 <= nums.length <= 3"


def test_another_type_is_a_violation():
    constraints = inputs.read(problem_of("x: int", "1 <= x <= 3"))
    assert constraints.violation({"x": True}) == "x is of another type"


@pytest.mark.parametrize(
    "line",
    [
        "nums is a beautiful array.",
        "1 <= nums.length <= twenty",
        "The answer is unique.",
        "s consists of vowels.",
        "1 <= nums[i].length <= 3 unless it rains",
    ],
)
def test_a_line_that_is_not_understood_puts_the_problem_out(line):
    with pytest.raises(Skip, match="constraint not understood"):
        inputs.read(problem_of("nums: List[int], s: str", line))


def test_a_promise_of_the_answer_is_set_apart():
    line = "The answer is guaranteed to fit in a 32-bit integer."
    constraints = inputs.read(problem_of(NUMS, *WIDE, line))
    assert constraints.promises == [line.rstrip(".")]


def test_a_followup_is_no_constraint():
    assert inputs.read(problem_of(NUMS, *WIDE, "Follow-up: could you do it in O(n)?"))


def test_prose_says_that_edges_are_a_tree():
    prose = "There is an undirected tree with n nodes."
    lines = (*GRAPH, "edges.length == n - 1")
    constraints = inputs.read(problem_of(EDGES, *lines, prose=prose))
    assert constraints.violation(graph(3, [0, 1], [0, 1])) is not None


def test_a_type_that_is_not_covered_puts_the_problem_out():
    with pytest.raises(Skip, match="type is not covered"):
        inputs.read(problem_of("x: Dict[str, int]", "1 <= x <= 3"))
