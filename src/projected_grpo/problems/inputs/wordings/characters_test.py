import pytest

from projected_grpo.problems.inputs.statement import NotUnderstood
from projected_grpo.problems.inputs.wordings.characters import characters


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
    with pytest.raises(NotUnderstood):
        characters("lowercase vowels")
