"""Constraints that stand in a statement's sentences alone, as lines of constraints."""

import re

from projected_grpo.problems.inputs.statement import Statement

KINDS = r"(?:integer |binary |character |2D |0-indexed |1-indexed |boolean |string )*"
HOLDERS = r"(?:matrix|grid|array|board|maze|table|land|mat|room|picture|image)"
NAMES = r"(?P<name>\w+)"
# "an m x n binary matrix grid": how many rows, and how many in each.
GRID = re.compile(rf"(?P<m>\w+) ?[x*] ?(?P<n>\w+) (?:{KINDS})(?:{HOLDERS} ?)*{NAMES}?")
LENGTH = re.compile(
    rf"(?:array|string|arrays|strings) (?:of \w+ )?{NAMES} of (?:length|size) (?P<n>n|m)\b"
)


def lines_of_prose(statement: Statement) -> tuple[str, ...]:
    """What the prose says and the lines do not."""
    text = statement.prose
    return (*rows_of_columns(statement), *grids(statement, text), *lengths(statement, text))


def said(statement: Statement, pattern: str) -> bool:
    return any(re.search(pattern, line) for line in statement.lines)


def rows_of_columns(statement: Statement) -> list[str]:
    """edges[i] = [ai, bi] has two members, whether a line says so or not."""
    widths: dict[str, int] = {}
    for places in statement.columns.values():
        for name, column in places:
            widths[name] = max(widths.get(name, 0), column + 1)
    found = []
    for name, width in widths.items():
        place = f"{name}[i]" if statement.types[name].depth == 2 else name
        if not said(statement, rf"\b{name}(\[\w\])?\.length ?={{1,2}} ?\d"):
            found.append(f"{place}.length == {width}")
    return found


def grids(statement: Statement, text: str) -> list[str]:
    found = []
    for match in GRID.finditer(text):
        name = match["name"] or ""
        lists = [n for n, t in statement.types.items() if t.levels == 2]
        if name not in lists:
            is_grid = len(lists) == 1 and re.search(HOLDERS, lists[0], re.IGNORECASE)
            name = lists[0] if is_grid else ""
        words = (match["m"], match["n"])
        if not name or any(w.isdigit() and int(w) < 2 for w in words):
            continue
        if any(not w.isdigit() and not re.fullmatch(r"[a-z]|rows|cols", w) for w in words):
            continue
        if not said(statement, rf"\b{name}\.length|= ?{name}\.length"):
            found.append(f"{words[0]} == {name}.length")
        if not said(statement, rf"\b{name}\[\w\]\.length"):
            found.append(f"{words[1]} == {name}[i].length")
    return list(dict.fromkeys(found))


def lengths(statement: Statement, text: str) -> list[str]:
    """An array nums of length n."""
    found = []
    for match in LENGTH.finditer(text):
        name, n = match["name"], match["n"]
        is_list = name in statement.types and statement.types[name].levels
        if is_list and not said(statement, rf"\b{n} ?==|== ?{n}\b|\b{name}\.length"):
            found.append(f"{n} == {name}.length")
    return found
