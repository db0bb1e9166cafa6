"""What each checker accepts and what it rejects, hostile values too."""

import math
from pathlib import Path

import pytest
import yaml

from projected_grpo.grader.values import plain
from projected_grpo.problems.checkers import CHECKERS, accepts
from projected_grpo.problems.checkers.strings import expanded

CASES = yaml.safe_load(Path(__file__).with_name("cases.yaml").read_text())

DEEP: list = []
for _ in range(300):
    DEEP = [DEEP]
FAR = [i * (2**61 - 1) for i in range(10**4)]

# As a hostile program may send them; see grader/inside/encode.py.
ATOMS = [None, True, math.nan, 1e308, -(2**500), "", "a", "\ud800("]
LISTS = [[], [[]], [[], []], [0], [-1], [-1, -1, -1], [True, False], [[True]], [math.nan, math.inf]]
NUMBERS = [[10**100, -(10**100)], {"i": "f" * 4000}, [{"i": "f" * 4000}, 1], {"i": "no number"}]
MARKS = [{}, [{}], [[{}], [None]], {"s": [1, 2]}, {"d": [["0", 1]]}, {"x": "object"}, {"t": 3}]
TEXTS = ["0" * 10**6, "[" * 10**4, "9" * 4000 + "[a]", "0.1(" + "6" * 10**4 + ")"]
LONG = [FAR, [[n, 0] for n in FAR], [""] * 10**4, ["Push"] * 10**4, [[]] * 10**4]
HOSTILE = [*ATOMS, *LISTS, *NUMBERS, *MARKS, {"t": [], "s": []}, *TEXTS, *LONG, DEEP]


@pytest.mark.parametrize("name", CHECKERS)
def test_a_checker_accepts_what_is_right_and_rejects_what_is_wrong(name):
    case = CASES[name]
    arguments, expected = case.get("arguments", {}), case["right"][0]
    for answer in case["right"]:
        assert accepts(name, arguments, expected, answer), answer
    for answer in case["wrong"]:
        assert not accepts(name, arguments, expected, answer), answer


@pytest.mark.parametrize("name", CHECKERS)
def test_a_hostile_answer_is_rejected_and_raises_nothing(name):
    arguments, expected = CASES[name].get("arguments", {}), CASES[name]["right"][0]
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
