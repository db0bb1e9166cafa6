"""What a data set's source text says: a method's parameters, imports, and `assert f(arguments) == value` as a Test of plain literals."""

import ast
import re
from collections.abc import Iterator

from projected_grpo.problems.problem import Test, literal

# What a run that failed upstream left in place of its output, with or without quotes around it.
FAILED_OUTPUT = re.compile(
    r"""["']?(\w*Error\b|\w*Exception\b|Traceback|Execution timed out|Time ?out|Timed out)"""
)
PLAIN = (bool, int, float, str, type(None))


class Skip(Exception):
    """A problem or a test that cannot be used, and why."""


def signature(starter_code: str, name: str) -> ast.arguments:
    """The method's parameters, self included; Skip if it deals in more than plain values."""
    method = method_of(starter_code.rstrip() + "\n        pass", name)
    types = [a.annotation for a in method.args.args] + [method.returns]
    names = {n.id for t in types if t is not None for n in ast.walk(t) if isinstance(n, ast.Name)}
    strings = " ".join(
        c.value for t in types if t for c in ast.walk(t) if isinstance(c, ast.Constant) and c.value
    )
    if any(name.endswith("Node") for name in {*names, *re.findall(r"\w+", strings)}):
        raise Skip("linked lists or trees")
    if isinstance(method.returns, ast.Constant) and method.returns.value is None:
        raise Skip("changes its input in place and returns nothing")
    return method.args


def method_of(code: str, name: str) -> ast.FunctionDef:
    try:
        classes = [
            c for c in ast.parse(code).body if isinstance(c, ast.ClassDef) and c.name == "Solution"
        ]
    except SyntaxError:
        raise Skip("code does not parse") from None
    methods = [
        f for c in classes for f in c.body if isinstance(f, ast.FunctionDef) and f.name == name
    ]
    if not methods:
        raise Skip("code without the method in class Solution")
    return methods[-1]


def imports(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def read_test(call: str, parameters: ast.arguments) -> Test:
    """`assert f(a = 1) == 2` as a Test; positional arguments (some of v0.2.0) get the method's names for them."""
    if FAILED_OUTPUT.match(call.rpartition(" == ")[2].strip()):
        raise Skip("expected output is an error message")
    try:
        compare = ast.parse(call).body[0].test
    except (SyntaxError, ValueError):
        raise Skip("does not parse, or has no expected output") from None
    if not (
        isinstance(compare, ast.Compare)
        and isinstance(compare.left, ast.Call)
        and len(compare.ops) == 1
    ):
        raise Skip("not of the form f(...) == value")
    names = [a.arg for a in parameters.args[1:]]
    positional = zip(names, compare.left.args)
    arguments = {**dict(positional), **{k.arg: k.value for k in compare.left.keywords}}
    required = names[: len(names) - len(parameters.defaults)]
    if not set(required) <= set(arguments) <= set(names) or len(compare.left.args) > len(names):
        raise Skip("arguments do not fit the method")
    kwargs = ", ".join(
        f"{name} = {literal(plain(node, 'input'))}" for name, node in arguments.items()
    )
    return Test(kwargs, plain(compare.comparators[0], "expected output"))


def plain(node: ast.expr, what: str):
    """The value of a literal made of Python's plain types. Not so: constructors, -inf, `...`, complex, bytes."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        raise Skip(f"{what} is not a literal") from None
    if not is_plain(value):
        raise Skip(f"{what} is not a plain value")
    return value


def is_plain(value) -> bool:
    match value:
        case dict():
            return all(map(is_plain, [*value, *value.values()]))
        case list() | tuple() | set():
            return all(map(is_plain, value))
        case _:
            return isinstance(value, PLAIN)
