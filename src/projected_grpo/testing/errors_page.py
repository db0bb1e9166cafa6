"""Writes docs/errors.md, all refusals of the code: python -m projected_grpo.testing.errors_page."""

import ast
import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from projected_grpo import cli
from projected_grpo.runs.files import write_atomic

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "src/projected_grpo"
SCRIPTS = ROOT / "scripts"
PAGE = ROOT / "docs/errors.md"
INTRODUCTION = """# Errors

Bad input ends a command with one line, `projected_grpo: CAUSE: REMEDY`, and status 1. There is no
traceback, and nothing is written. What shows a traceback is a bug of ours.

`just errors-page` writes this page from the code. In braces stands what a line fills in, as the
code spells it. Where no remedy stands, the cause says how the command is called.
"""
STOP = re.compile(r'\bstop "(.+?)"(?: ;;)?$', re.M)
OPEN, CLOSE = "{(", "})"


class Refused(NamedTuple):
    """where: file and function. line: the text, with its placeholders."""

    where: str
    line: str


def refusals() -> Iterator[Refused]:
    """All of the package's, then the scripts', in the order of files and lines."""
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if not path.name.endswith("_test.py")]
    paths += sorted(SCRIPTS.glob("*.py"))
    trees = {path: ast.parse(path.read_text()) for path in paths}
    known = {}
    for path, tree in trees.items():
        known |= {f"{path.stem}.{name}": text for name, text in constants(tree).items()}
    for path, tree in trees.items():
        names = known | constants(tree)
        for function, call in calls(tree):
            file = path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else ROOT)
            yield Refused(f"{file} {function}".strip(), spelled(call.args[0], names))
    for path in sorted(SCRIPTS.glob("*.sh")):
        for line in STOP.findall(path.read_text()):
            yield Refused(f"scripts/{path.name}", line)


def constants(tree: ast.Module) -> dict[str, str]:
    """Name -> text, of the module's own names for one."""
    held = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                held[node.targets[0].id] = node.value.value
    return held


def calls(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.Call]]:
    """(the function it is in, the call), of every Refusal(...), or a script's stop(...)."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Refusal", "stop"):
            yield function, node
        is_function = isinstance(node, ast.FunctionDef)
        yield from calls(node, node.name if is_function else function)


def spelled(node: ast.expr, names: dict[str, str]) -> str:
    """The text of an expression: braces around what is filled in, names of texts as the text."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(spelled(part, names) for part in node.values)
    inside = ast.unparse(node.value if isinstance(node, ast.FormattedValue) else node)
    return names.get(inside, f"{{{inside}}}")


def parted(line: str) -> tuple[str, str]:
    """(cause, remedy) of a line, which a colon or semicolon outside of brackets parts."""
    depth = 0
    for i in range(len(line) - 1, 0, -1):
        depth += (line[i] in CLOSE) - (line[i] in OPEN)
        if depth == 0 and line[i - 1 : i + 1] in (": ", "; "):
            return line[: i - 1], line[i + 1 :]
    return line, ""


def room(refused: Refused) -> str:
    return refused.where.partition("/")[0] if "/" in refused.where else "commands"


def page() -> str:
    parts = [INTRODUCTION]
    for name, of_room in groupby(sorted(refusals(), key=room), room):
        table = ["| cause | remedy | where |", "|---|---|---|"]
        for refused in of_room:
            cause, remedy = parted(refused.line)
            table.append(f"| {cell(cause)} | {cell(remedy)} | `{refused.where}` |")
        parts.append("\n".join([f"## {name}", "", *table, ""]))
    return "\n".join(parts)


def cell(text: str) -> str:
    """As a table of Markdown shows it."""
    return text.replace("<", "&lt;").replace("|", r"\|").replace("\n", " ")


@cli.settings
class Settings:
    """It takes none."""


def main(argv: list[str]) -> None:
    cli.read(Settings, argv)
    write_atomic(PAGE, page())


if __name__ == "__main__":
    main(sys.argv[1:])
