"""Constraints that stand in a statement's sentences alone, as lines of constraints."""

import re

from projected_grpo.problems.inputs.statement import Statement

KINDS = r"(?:integer |binary |character |2D |0-indexed |1-indexed |boolean |string )*"
HOLDERS = r"(?:matrix|grid|array|board|maze|table|land|mat|room|picture|image)"
NAMES = r"(?P<name>\w+)"
NO_LOOPS_OR_REPEATS = "There are no self-loops or repeated edges"
# "an m x n binary matrix grid": how many rows, and how many in each.
GRID = re.compile(rf"(?P<m>\w+) ?[x*] ?(?P<n>\w+) (?:{KINDS})(?:{HOLDERS} ?)*{NAMES}?")
OF_SIZE = re.compile(rf"{HOLDERS} {NAMES} of size (?P<m>\w+) ?[x*] ?(?P<n>\w+)")
TWO_LENGTHS = re.compile(r"(\w+) and (\w+) of (?:lengths|sizes) (\w) and (\w)\b")
LENGTH = re.compile(
    rf"(?:array|string|arrays|strings) (?:of \w+ )?{NAMES} of (?:length|size) (?P<n>n|m)\b"
)


# Sentences of graphs, and the line that each is.
SENTENCES = (
    (r"at most one edge,? and no (?:vertex|node) has an edge to itself", NO_LOOPS_OR_REPEATS),
    (r"undirected connected graph|connected undirected graph", "The graph is connected"),
    (r"all the cities are connected by", "The graph is connected"),
    (r"any server can reach (?:any )?other server", "The graph is connected"),
    (r"directed acyclic graph|\bDAG\b", "The graph is a directed acyclic graph"),
)


def lines_of_prose(statement: Statement) -> tuple[str, ...]:
    """What the prose says and the lines do not."""
    text = statement.prose
    found = [*rows_of_columns(statement), *grids(statement, text), *lengths(statement, text)]
    found += rectangles(statement, text)
    found += [*trees(statement, text), *equal_lengths(statement, text)]
    for name in re.findall(r"binary strings? (\w+)\b", text):
        if name in statement.types and statement.types[name].leaf == "str":
            index = "[i]" * statement.types[name].depth
            found.append(f"{name}{index} consists of '0' and '1'")
    for pattern, line in SENTENCES:
        has_edges = any(kind.depth == 2 for kind in statement.types.values())
        if has_edges and re.search(pattern, text, re.IGNORECASE):
            found.append(line)
    return tuple(found)


def sizes_of_prose(statement: Statement) -> tuple[str, ...]:
    """The lines that say what n and m are, where no line does."""
    return (*grids(statement, statement.prose), *lengths(statement, statement.prose))


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
    for match in [*GRID.finditer(text), *OF_SIZE.finditer(text)]:
        name = match["name"] or ""
        lists = [n for n, t in statement.types.items() if t.depth == 2 or t.levels == 2]
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


def rectangles(statement: Statement, text: str) -> list[str]:
    """What is called a matrix, a grid or a 2D array has rows of one length."""
    found = []
    for name, kind in statement.types.items():
        is_called = re.search(rf"(?:matrix|grid|m x n)[^.]*\b{name}\b", text)
        lengths = rf"==.*\b{name}\[\w\]\.length|\b{name}\[\w\]\.length.*=="
        is_rows = kind.depth == 2 or kind.levels == 2
        if is_rows and is_called and not said(statement, lengths):
            found.append(f"{name}[i].length == {name}[0].length")
    return found


def lengths(statement: Statement, text: str) -> list[str]:
    """An array nums of length n."""
    found = []
    for one, other, n, m in TWO_LENGTHS.findall(text):
        for name, size in ((one, n), (other, m)):
            if name in statement.types and not said(statement, rf"\b{name}\.length"):
                found.append(f"{size} == {name}.length")
    for match in LENGTH.finditer(text):
        name, n = match["name"], match["n"]
        is_list = name in statement.types and statement.types[name].levels
        if is_list and not said(statement, rf"\b{n} ?==|== ?{n}\b|\b{name}\.length"):
            found.append(f"{n} == {name}.length")
    return found


def trees(statement: Statement, text: str) -> list[str]:
    """n - 1 edges of what the prose calls a tree."""
    found = []
    for name, kind in statement.types.items():
        has_edges = kind.depth == 2 and said(statement, rf"\b{name}\.length == n - 1")
        if has_edges and re.search(r"\btree\b", text):
            found.append(f"{name} represents a valid tree")
    return found


def equal_lengths(statement: Statement, text: str) -> list[str]:
    """Arrays that one sentence names, and says to be of one length."""
    found = []
    for sentence in re.split(r"[.\n]", text):
        if not re.search(r"(?:same|equal) (?:length|size)s?\b|both of length", sentence):
            continue
        named = [n for n in statement.types if re.search(rf"\b{n}\b", sentence)]
        named = [n for n in named if statement.types[n].levels]
        for one, other in zip(named, named[1:]):
            if not said(statement, rf"==.*\b{other}\.length|\b{other}\.length.*=="):
                found.append(f"{one}.length == {other}.length")
        if len(named) == 1 and statement.types[named[0]].levels == 2:
            found.append(f"all {named[0]}[i].length are equal")
    return found
