import pytest

from projected_grpo.problems.inputs.notation import plain, powers
from projected_grpo.problems.inputs.wordings.characters import characters
from projected_grpo.problems.solution_source import Skip


@pytest.mark.parametrize(
    ("lost", "meant"),
    [
        ("n <= 105", "n <= 10**5"),
        ("n <= 3 * 104", "n <= 3 * 10**4"),
        ("x <= 1012", "x <= 10**12"),
        ("-231 <= x <= 231 - 1", "-2**31 <= x <= 2**31 - 1"),
        ("n <= 100", "n <= 100"),
        ("n <= 1000", "n <= 1000"),
        ("n <= 110", "n <= 110"),
        ("n <= 250", "n <= 250"),
        ("n <= 2000", "n <= 2000"),
        ("n <= 10^5", "n <= 10**5"),
        ("n <= 5 x 10^4", "n <= 5 * 10**4"),
        ("n <= 20,000", "n <= 20000"),
        ("0 <= xi, yi <= 104", "0 <= xi, yi <= 10**4"),
    ],
)
def test_powers_are_found_where_their_sign_was_lost(lost, meant):
    assert powers(lost) == meant


def test_typographic_signs_become_plain_ones():
    assert plain("1\xa0≤ x ≤\u200b 9") == "1 <= x <= 9"


@pytest.mark.parametrize(
    ("phrase", "meant"),
    [
        ("lowercase English letters", "abcdefghijklmnopqrstuvwxyz"),
        ("English lowercase letters and '-'", "abcdefghijklmnopqrstuvwxyz-"),
        ("digits", "0123456789"),
        ("the digits '1' to '3'", "123"),
        ("letters 'a', 'b', and 'c'", "abc"),
        ("'(', ')' and '*'", "()*"),
        ("lowercase English letters and spaces ' '", "abcdefghijklmnopqrstuvwxyz "),
    ],
)
def test_a_phrase_names_its_characters(phrase, meant):
    assert characters(phrase) == meant


def test_a_word_that_names_no_characters_is_not_passed_over():
    with pytest.raises(Skip):
        characters("lowercase vowels")
