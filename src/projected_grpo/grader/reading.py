"""Which program a response is: its python blocks, joined, as its reader would run them.

ours          tags python, python3, py and none, with blanks and any line ends; blocks of other
              languages, printed output, thoughts and an echoed starter are no part of it
benchmark     every block that is tagged python or nothing, to the letter; for label_compat
"""

import ast
import re

PYTHON = ("python", "python3", "py")
# A block, closed or the last: its tag, what else its first line says (a carriage return, say), and
# its text, whose own line ends Python knows.
FENCE = re.compile(r"```[ \t]*([\w+#.-]*)([^\n`]*)\n(.*?)(?:```|$)", re.DOTALL)
THOUGHT = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL | re.IGNORECASE)
FUTURE = re.compile(r"^from __future__ import [^\n]*\n?", re.MULTILINE)
BENCHMARK = re.compile(r"```(?:python)?\n(.*?)(?:```|$)", re.DOTALL | re.IGNORECASE)
CODE = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Import, ast.ImportFrom)


def program_of(response: str) -> str | None:
    """The response's program, or None where it has none."""
    tagged = []
    for tag, _, block in FENCE.findall(THOUGHT.sub("", response)):
        if tag.lower() in (*PYTHON, ""):
            tagged.append((bool(tag), block.lstrip("\ufeff").strip()))
    # Beside a block that is called python one that is called nothing may be what was printed.
    is_named = any(named for named, _ in tagged)
    blocks = [block for named, block in tagged if named or not is_named or is_code(block)]
    blocks = [block for block in blocks if block]
    answers = [block for block in blocks if not is_starter(block)]
    return joined(answers or blocks)


def benchmark_program_of(response: str) -> str | None:
    """What the benchmark extracts: blocks of no other form than its own, joined."""
    blocks = [block.strip() for block in BENCHMARK.findall(response)]
    return "\n\n".join(filter(None, blocks)) or None


def joined(blocks: list[str]) -> str | None:
    """One program, its `from __future__` first, where Python wants it."""
    program = "\n\n".join(blocks)
    future = FUTURE.findall(program)
    if len(blocks) > 1 and future:
        lines = [line.strip() for line in future]
        program = "\n".join([*lines, FUTURE.sub("", program)])
    return program or None


def is_code(block: str) -> bool:
    """Whether it defines or imports something at its top; one that does not parse is judged so too.

    A damaged program is a program: only what reads as output is left out.
    """
    try:
        statements = ast.parse(block).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return re.search(r"^\s*(class|def|import|from) \w", block, re.MULTILINE) is not None
    return any(isinstance(statement, CODE) for statement in statements)


def is_starter(block: str) -> bool:
    """Whether it is the prompt's starter code again: methods without a statement."""
    lines = [line for line in block.split("\n") if not line.strip().startswith("#")]
    header = next((line for line in reversed(lines) if line.strip()), "")
    if not header.rstrip().endswith(":"):
        return False
    indent = " " * (len(header) - len(header.lstrip()) + 4)
    try:
        tree = ast.parse("\n".join([*lines, f"{indent}pass"]))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return bool(bodies) and all(isinstance(s, ast.Pass) for body in bodies for s in body)
