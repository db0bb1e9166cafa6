"""A response on a terminal: its code in colours, the test function on a ground of its own."""

import re

from rich.console import Group
from rich.syntax import Syntax
from rich.text import Text

from projected_grpo.grader.reading import FENCE

THEME = "ansi_dark"
GROUND = "on grey23"


def coloured(response: str, test_func_name: str) -> Group:
    """The text as it was sampled, each fenced block as Python."""
    parts, at = [], 0
    for block in FENCE.finditer(response):
        start, end = block.span(3)
        before = response[at:start].removesuffix("\n")
        parts += [Text(before), _code(block[3].removesuffix("\n"), test_func_name)]
        at = end
    if at < len(response):
        parts.append(Text(response[at:]))
    return Group(*parts)


def lines_of(code: str, name: str) -> tuple[int, int] | None:
    """First line of the function's definition, counted from 1, and the first line behind it.

    By indents: most of what is read here was cut short or does not parse.
    """
    definition = re.search(rf"^([ \t]*)(?:async +)?def +{re.escape(name)}\b", code, re.MULTILINE)
    if definition is None:
        return None
    first = code.count("\n", 0, definition.start())
    lines = code.split("\n")
    deeper = re.compile(rf"{definition[1]}[ \t]+\S|\s*$")
    last = first + 1
    while last < len(lines) and deeper.match(lines[last]):
        last += 1
    return first + 1, last + 1


def _code(code: str, test_func_name: str) -> Syntax:
    shown = Syntax(code, "python", theme=THEME, background_color="default")
    found = lines_of(code, test_func_name)
    if found:
        shown.stylize_range(GROUND, (found[0], 0), (found[1], 0))
    return shown
