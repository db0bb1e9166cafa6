"""docs/errors.md is what the code says."""

import ast

import pytest

from projected_grpo.testing import errors_page


def test_the_page_lists_the_refusals_that_the_code_has():
    assert errors_page.PAGE.read_text() == errors_page.page(), "run `just errors-page`"


def test_a_refusal_is_spelled_with_what_it_fills_in_and_with_the_words_that_names_stand_for():
    code = "def f(x):\n    if x:\n        raise Refusal(f'{x!r} is odd: {REMEDY} ' f'or {x + 1}')"
    ((function, call),) = errors_page.calls(ast.parse(code))
    line = errors_page.spelled(call.args[0], {"REMEDY": "take two"})
    assert (function, line) == ("f", "{x} is odd: take two or {x + 1}")


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("a: b: c", ("a: b", "c")),
        ("a: b; c (d: e)", ("a: b", "c (d: e)")),
        ("a {d[1:2]}", ("a {d[1:2]}", "")),
    ],
)
def test_the_last_colon_or_semicolon_outside_of_brackets_parts_cause_and_remedy(line, parts):
    assert errors_page.parted(line) == parts
