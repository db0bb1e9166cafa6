"""What each checker accepts and what it rejects, hostile values too."""

import math

import pytest

from projected_grpo.grader.values import plain
from projected_grpo.problems.checkers import CHECKERS, accepts
from projected_grpo.problems.checkers.strings import expanded

# checker: (arguments, the expected answer, others that are right, some that are wrong)
CASES = {
    "equal": ({}, [1, 2], [[1, 2]], [[2, 1], [1]]),
    "any_order": ({}, [3, 1, 3], [[3, 3, 1], [1, 3, 3]], [[3, 1, 1], [3, 1], [True, 3, 3]]),
    "any_order_inside": ({}, [[1, 2], [3]], [[[2, 1], [3]]], [[[3], [1, 2]], [[2, 1]]]),
    "any_order_both": ({}, [[1, 2], [3]], [[[3], [2, 1]]], [[[3], [1, 1]], [[1], [2, 3]]]),
    "close": (
        {},
        [0.5, 1e6],
        [[0.500009, 1e6], [0.5, 1000009], [0.499991, 999991.0]],
        [[0.50002, 1e6], [0.5, 1000011], [1e6, 0.5], [0.5], [0.5, math.nan], [math.inf, 1e6]],
    ),
    "two_sum": (
        {"nums": [3, 3, 4], "target": 6},
        [0, 1],
        [[1, 0]],
        [[0, 0], [0, 2], [-3, -2], [0, 3], [0]],
    ),
    "two_sum_sorted": ({"numbers": [1, 2, 3, 4], "target": 5}, [1, 4], [[2, 3]], [[4, 1], [0, 3]]),
    "gray_code": ({"n": 2}, [0, 1, 3, 2], [[0, 2, 3, 1]], [[0, 1, 2, 3], [1, 3, 2, 0], [0, 1]]),
    "circular_permutation": (
        {"n": 2, "start": 3},
        [3, 2, 0, 1],
        [[3, 1, 0, 2]],
        [[0, 1, 3, 2], [3, 0, 1, 2]],
    ),
    "top_k_frequent": ({"nums": [1, 1, 2, 3], "k": 2}, [1, 2], [[3, 1]], [[1, 1], [2, 3], [1, 4]]),
    "k_closest": (
        {"points": [[1, 0], [0, 1], [2, 2]], "k": 1},
        [[1, 0]],
        [[[0, 1]]],
        [[[2, 2]], [[-1, 0]], [[1, 0], [0, 1]], [[1]]],
    ),
    "k_smallest_pairs": (
        {"nums1": [1, 1, 2], "nums2": [1, 2], "k": 3},
        [[1, 1], [1, 1], [1, 2]],
        [[[2, 1], [1, 1], [1, 1]]],
        [[[1, 1], [1, 1], [1, 1]], [[1, 1], [1, 1], [2, 2]], [[1, 1], [1, 1], [0, 3]], [[2, 5]]],
    ),
    "k_differences": ({"n": 3, "k": 2}, [1, 3, 2], [[3, 1, 2]], [[1, 2, 3], [1, 3, 3], [1, 3]]),
    "most_advantage": (
        {"nums1": [1, 2, 9], "nums2": [5, 6, 7]},
        [1, 2, 9],
        [[9, 1, 2]],
        [[9, 9, 9], [1, 2]],
    ),
    "fair_swap": (
        {"aliceSizes": [1, 2], "bobSizes": [2, 3]},
        [1, 2],
        [[2, 3]],
        [[1, 3], [0, 1], [2, 1], [1]],
    ),
    "parity_by_place": (
        {"nums": [4, 2, 5, 7]},
        [4, 5, 2, 7],
        [[2, 7, 4, 5]],
        [[5, 4, 7, 2], [4, 5]],
    ),
    "three_equal_parts": (
        {"arr": [0, 0, 0, 0]},
        [0, 2],
        [[0, 3], [1, 3]],
        [[0, 1], [0, 4], [-1, 2], [2, 1], [-1, -1]],
    ),
    "increase_and_decrease": ({"s": "ID"}, [0, 2, 1], [[1, 2, 0]], [[0, 1, 2], [0, 3, 1], [0, 2]]),
    "sum_without_zeros": ({"n": 11}, [2, 9], [[9, 2]], [[1, 10], [2, 8], [0, 11], [11]]),
    "fibonacci_split": (
        {"num": "1101111"},
        [11, 0, 11, 11],
        [[110, 1, 111]],
        [[11, 0, 11, 1, 1], [1, 1, 0, 1, 1, 1, 1], [], [1101, 111]],
    ),
    "no_flood": (
        {"rains": [1, 0, 2, 0, 1]},
        [-1, 1, -1, 2, -1],
        [[-1, 1, -1, 1, -1], [-1, 7, -1, 1, -1]],
        [[-1, 2, -1, 2, -1], [-1, -1, -1, 1, -1], [1, 1, 1, 1, 1], [-1, 1], []],
    ),
    "neighbours_restored": (
        {"adjacentPairs": [[2, 1], [3, 2]]},
        [1, 2, 3],
        [[3, 2, 1]],
        [[1, 3, 2], [1, 2], [1, 2, 3, 2]],
    ),
    "middle_recovered": (
        {"nums": [2, 10, 6, 4, 8, 12]},
        [3, 7, 11],
        [[5, 7, 9], [11, 3, 7]],
        [[3, 7, 12], [12, 8, 4], [3, 7]],
    ),
    "archery": (
        {"numArrows": 3, "aliceArrows": [1, 0, 1]},
        [0, 1, 2],
        [],
        [[0, 0, 3], [0, 1, 3], [-1, 2, 2], [0, 3]],
    ),
    "subarray_size": (
        {"nums": [6, 5, 6, 5, 8], "threshold": 7},
        1,
        [2, 3, 4, 5],
        [0, -1, 6, True, "1"],
    ),
    "stack_operations": (
        {"target": [3], "n": 3},
        ["Push", "Pop", "Push", "Pop", "Push"],
        [["Push", "Push", "Pop", "Pop", "Push"]],
        [["Push", "Push", "Push", "Pop", "Pop"], ["Push"], ["push"] * 5, ["Pop"] * 5],
    ),
    "garden": (
        {"n": 3, "paths": [[1, 2], [2, 3]]},
        [1, 2, 1],
        [[4, 3, 4], [1, 2, 3]],
        [[1, 1, 2], [5, 2, 1], [0, 2, 1], [1, 2]],
    ),
    "highest_peak": (
        {"isWater": [[0, 0, 0, 1]]},
        [[3, 2, 1, 0]],
        [],
        [[[3, 2, 0, 0]], [[4, 2, 1, 0]], [[0, 0, 0, 0]], [[3, 2, 1]], [[3, 2, 1, 0], []]],
    ),
    "peak_in_grid": (
        {"mat": [[1, 4], [3, 2]]},
        [0, 1],
        [[1, 0]],
        [[0, 0], [-1, -2], [2, 0], [0]],
    ),
    "ranked_grid": (
        {"grid": [[2, 4, 5], [7, 3, 9]]},
        [[1, 2, 3], [2, 1, 4]],
        [[[1, 2, 3], [3, 1, 4]]],
        [[[1, 2, 3], [2, 3, 4]], [[1, 2, 3], [2, 1, 5]], [[0, 2, 3], [2, 1, 4]], [[1, 2, 3]]],
    ),
    "good_rows": (
        {"grid": [[0, 1], [1, 0], [0, 1], [1, 1]]},
        [0, 1],
        [[1, 2]],
        [[1, 0], [0, 2], [0], [], [-3, 0], [0, 4]],
    ),
    "grid_layout": (
        {"n": 4, "edges": [[0, 1], [0, 2], [1, 3], [2, 3]]},
        [[3, 1], [2, 0]],
        [[[0, 1], [2, 3]], [[0, 2], [1, 3]]],
        [[[0, 3], [1, 2]], [[0, 1, 3, 2]], [[0, 1], [2]], [], [[0, 1], [2, 2]]],
    ),
    "last_marked": (
        {"edges": [[0, 1], [0, 2], [2, 3], [2, 4]]},
        [3, 3, 1, 1, 1],
        [[4, 3, 1, 1, 1], [3, 4, 1, 1, 1]],
        [[1, 3, 1, 1, 1], [3, 3, 1, 4, 1], [3, 3, 1, 1], [9, 3, 1, 1, 1]],
    ),
    "decimal_fraction": (
        {"numerator": 1, "denominator": 6},
        "0.1(6)",
        ["0.16(6)", "0.1(66)"],
        ["0.(16)", "0.16", "-0.1(6)", "0.1()", "0.1(6", "0.1(" + "6" * 10**4 + ")"],
    ),
    "shortest_window": ({"s": "abcba", "t": "ab"}, "ab", ["ba"], ["bc", "abc", "aa"]),
    "alien_order": ({"words": ["ab", "cd"]}, "abcd", ["dbac"], ["cbad", "ac", "aacd", ""]),
    "letters_apart": (
        {"s": "aabbcc", "k": 3},
        "abcabc",
        ["cbacba"],
        ["abccba", "abcab", "abcabd", ""],
    ),
    "no_equal_neighbours": ({"s": "aabb"}, "abab", ["baba"], ["abba", "aba", ""]),
    "shortest_encoding": (
        {"s": "a" * 10},
        "10[a]",
        ["a9[a]", "9[a]a", "5[aa]"],
        ["11[a]", "99[a]", "9[aa]", "0a[a]", "10[a)", "aaaaa"],
    ),
    "safe_cracked": ({"n": 2, "k": 2}, "01100", ["10011", "00110"], ["01010", "0110", "01200"]),
    "shortest_superstring": (
        {"words": ["ab", "cd"]},
        "abcd",
        ["cdab"],
        ["abdc", "abcdc", "ab"],
    ),
    "longest_duplicate": ({"s": "abxabcdycd"}, "ab", ["cd"], ["bx", "a", "zz", ""]),
    "shortest_supersequence": (
        {"str1": "abac", "str2": "cab"},
        "cabac",
        [],
        ["abacb", "acbac", "cabacc"],
    ),
    "fewest_removed": (
        {"s": "a(b)c)"},
        "a(b)c",
        ["a(bc)"],
        ["a(bc(", "(b)c", "ab)c)", "a(c)b", "ab()c"],
    ),
    "question_marks_filled": (
        {"s": "?zs"},
        "azs",
        ["bzs"],
        ["zzs", "?zs", "1zs", "azz", "Azs", "a"],
    ),
}

DEEP: list = []
for _ in range(300):
    DEEP = [DEEP]

# As a hostile program may send them; see grader/inside/encode.py.
HOSTILE = [
    None,
    True,
    [True, False],
    [[True]],
    math.nan,
    [math.nan, math.inf],
    1e308,
    {"i": "f" * 4000},
    [{"i": "f" * 4000}, 1],
    {"i": "no number"},
    {"s": [1, 2]},
    {"d": [["0", 1]]},
    {"x": "object"},
    {"t": 3},
    {"t": [], "s": []},
    {},
    [{}],
    [[{}], [None]],
    DEEP,
    "0" * 10**6,
    "\ud800(",
    "[" * 10**4,
    "9" * 4000 + "[a]",
    [i * (2**61 - 1) for i in range(10**4)],
    [[i * (2**61 - 1), 0] for i in range(10**4)],
    [""] * 10**4,
    ["Push"] * 10**4,
    [[]] * 10**4,
    [],
    [[]],
    [[], []],
    [0],
    [-1],
    [-1, -1, -1],
    "",
    "a",
    -(2**500),
    [10**100, -(10**100)],
]


@pytest.mark.parametrize("name", CHECKERS)
def test_a_checker_accepts_what_is_right_and_rejects_what_is_wrong(name):
    arguments, expected, right, wrong = CASES[name]
    for answer in [expected, *right]:
        assert accepts(name, arguments, expected, answer), answer
    for answer in wrong:
        assert not accepts(name, arguments, expected, answer), answer


@pytest.mark.parametrize("name", CHECKERS)
def test_a_hostile_answer_is_rejected_and_raises_nothing(name):
    arguments, expected, *_ = CASES[name]
    for sent in HOSTILE:
        assert not accepts(name, arguments, expected, plain(sent, 10**5)), str(sent)[:80]


@pytest.mark.parametrize(
    "name, arguments, impossible, wrong",
    [
        ("three_equal_parts", {"arr": [1, 1, 0]}, [-1, -1], [[0, 2], [0, 1]]),
        ("fibonacci_split", {"num": "0123"}, [], [[0, 1, 23]]),
        ("no_flood", {"rains": [1, 1]}, [], [[-1, -1]]),
        ("good_rows", {"grid": [[1]]}, [], [[0]]),
        ("subarray_size", {"nums": [1], "threshold": 5}, -1, [1]),
        ("alien_order", {"words": ["z", "x", "z"]}, "", ["zx", "xz"]),
        ("letters_apart", {"s": "aab", "k": 3}, "", ["aba"]),
    ],
)
def test_where_nothing_is_right_only_the_answer_that_says_so_is(name, arguments, impossible, wrong):
    assert accepts(name, arguments, impossible, impossible)
    for answer in wrong:
        assert not accepts(name, arguments, impossible, answer)


def test_a_graph_that_is_no_tree_has_no_last_marked_nodes():
    for edges in [[[0, 1], [1, 0]], [[0, 1], [2, 3], [2, 3]], [[0, 5]]]:
        answer = [0] * (len(edges) + 1)
        assert not accepts("last_marked", {"edges": edges}, answer, answer)


def test_an_encoding_that_grows_without_end_is_given_up():
    assert expanded("9[9[9[9[9[9[9[9[9[9[a]]]]]]]]]]", 150) is None


def test_a_whole_float_counts_as_the_int_that_it_equals_and_a_bool_does_not():
    arguments, expected = {"nums": [3, 3], "target": 6}, [0, 1]
    assert accepts("two_sum", arguments, expected, plain({"t": [1.0, 0.0]}, 9))
    assert not accepts("two_sum", arguments, expected, plain([True, False], 9))
