"""Responses in colours: every letter stays, and the test function is marked."""

import io

import pytest
from rich.console import Console

from projected_grpo.rollouts.colours import GROUND, coloured, lines_of

RESPONSE = """First a thought.
```python
class Solution:
    def two(self):
        return 2

    def run_tests(self):
        pass

    def last(self):
        pass
```
Then [words] more.
"""


def printed(response: str, terminal: bool) -> str:
    out = io.StringIO()
    # Wide, so that no line is folded.
    colours = "truecolor" if terminal else None
    console = Console(file=out, force_terminal=terminal, color_system=colours, width=200)
    console.print(coloured(response.rstrip("\n"), "run_tests"))
    return out.getvalue()


@pytest.mark.parametrize(
    "response", [RESPONSE, RESPONSE[:100], "no code [at] all", "```\nopen\n\n```"]
)
def test_every_line_stays_as_it_was_sampled(response):
    lines = [line.rstrip() for line in printed(response, terminal=False).splitlines()]
    assert lines == [line.rstrip() for line in response.rstrip("\n").splitlines()]


def test_the_test_functions_lines_and_no_others_stand_on_a_ground():
    lines = printed(RESPONSE, terminal=True).splitlines()
    # grey23 is 58 of each colour
    marked = [line for line in lines if "48;5;237" in line]
    assert GROUND == "on grey23"
    assert ["run_tests" in marked[0], "pass" in marked[1]] == [True, True]
    assert not any("last" in line or "two" in line for line in marked)


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("def run_tests():\n    pass\n\nx = 1", (1, 4)),
        ("x = 1\nasync def run_tests():\n\tpass", (2, 4)),
        ("class A:\n    def run_tests(self):\n        if (", (2, 4)),
        ("def run_tests_too():\n    pass", None),
    ],
)
def test_a_function_ends_where_its_indent_does_whether_or_not_it_parses(code, lines):
    assert lines_of(code, "run_tests") == lines
