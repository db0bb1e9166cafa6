"""Comparing sent values with expected ones.

It is Python's == on builtins, and nothing a forged answer could stretch.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projected_grpo.grader.inside.encode import encoded
from projected_grpo.grader.values import matches, plain, size

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
KEYS = st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
KEYS = KEYS | st.tuples(KEYS, KEYS)


def values(*more):
    """Nested builtins: lists, sets, dicts and what `more` make of inner values."""

    def around(inner):
        parts = [st.lists(inner), st.sets(KEYS), st.dictionaries(KEYS, inner)]
        return st.one_of(*parts, *[make(inner) for make in more])

    return st.recursive(SCALARS, around, max_leaves=12)


LISTS = values()
VALUES = values(lambda inner: st.tuples(inner, inner))


def listed(value):
    """The value with lists for tuples, but for those that are keys or in sets."""
    if isinstance(value, (list, tuple)):
        return [listed(item) for item in value]
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    return value


def sent(value):
    return json.loads(json.dumps(encoded(value)))


@given(LISTS, VALUES)
def test_matching_is_python_equality_of_builtin_values_with_tuples_for_lists(left, right):
    # == takes an identical NaN for equal.
    identical = repr(left) == repr(listed(right))
    assert matches(left, sent(right)) == (left == listed(right)) or identical


@given(LISTS)
def test_a_tuple_or_a_dicts_view_matches_a_list_and_a_list_no_tuple(value):
    if "nan" not in repr(value):
        assert matches([value], sent((value,)))
        assert matches([value], sent({1: value}.values()))
    assert not matches((value,), sent([value]))


@given(VALUES.filter(lambda value: "nan" not in repr(value)))
def test_a_builtin_value_matches_itself_after_the_journey(value):
    assert matches(value, sent(value))


def test_nan_matches_nothing():
    assert not matches(float("nan"), sent(float("nan")))


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"t": 3},
        {"s": [1, 1]},
        {"d": [[1]]},
        {"d": 1},
        {"i": "zz"},
        {"i": 2},
        {"x": []},
        {"t": [], "s": []},
    ],
)
def test_a_malformed_value_matches_nothing(forged):
    for expected in (None, 0, 2, "", [], (), {1}, {1: 1}, (1,)):
        assert not matches(expected, forged)


class Unhashed(list):
    """Forged elements that must be turned down by their number, before one of them is hashed."""

    def __iter__(self):
        raise AssertionError("walked through forged elements")


def test_forged_keys_are_counted_before_they_are_hashed():
    # All with the same hash.
    forged = Unhashed([i * (2**61 - 1) for i in range(1000)])
    assert not matches({1, 2}, {"s": forged})
    assert not matches([1, 2], forged)
    assert not matches((1, 2), {"t": forged})


@given(LISTS)
def test_plain_data_of_lists_and_scalars_is_what_was_sent(value):
    def is_plain(part):
        if isinstance(part, list):
            return all(map(is_plain, part))
        return not isinstance(part, (dict, set)) and part == part

    if is_plain(value):
        assert plain(sent(value), size(value)) == value


@pytest.mark.parametrize(
    "value, data",
    [
        ((1, [2.0, (3.5,)]), [1, [2, [3.5]]]),
        ({1: 2}, None),
        ([{1}, None, 1 << 600, -(1 << 90)], [None, None, None, -(1 << 90)]),
        ([[[[[[[[[0]]]]]]]]], [[[[[[[[None]]]]]]]]),
    ],
)
def test_a_tuple_is_a_list_and_what_no_checker_takes_is_none(value, data):
    assert plain(sent(value), 99) == data


def test_no_more_items_than_allowed_are_looked_at():
    assert plain([[1, 2], [3, 4]], 4) == [[1, 2], None]
    assert plain([0] * 10, 9) is None
