"""What a data set's source text says: parameters, imports, and tests of plain literals."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from projected_grpo.problems.problem import Test, literal

# What a run that failed upstream left in place of its output, with or without quotes around it.
FAILED_OUTPUT = re.compile(
    r"""["']?(\w*Error\b|\w*Exception\b|Traceback|Execution timed out|Time ?out|Timed out)"""
)
ATOMS = (bool, int, float, str, type(None))


class Skip(Exception):
    """A problem or a test that cannot be used, and why."""


def parsed(code: str, why: str) -> ast.Module:
    """The code's syntax tree; Skip, for the reason `why`, where it has none."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError):
        raise Skip(why) from None


def signature(starter_code: str, name: str) -> ast.arguments:
    """The method's parameters, self included; Skip if it deals in more than plain values."""
    method = method_of(starter_code.rstrip() + "\n        pass", name)
    annotations = [a.annotation for a in method.args.args] + [method.returns]
    types: list[str] = []
    for annotation in annotations:
        if annotation is not None:
            types += type_names(annotation)
    if any(type_name.endswith("Node") for type_name in types):
        raise Skip("linked lists or trees")
    if isinstance(method.returns, ast.Constant) and method.returns.value is None:
        raise Skip("changes its input in place and returns nothing")
    return method.args


def type_names(annotation: ast.expr) -> Iterator[str]:
    """The names in an annotation, also in one that is written as a string."""
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"\w+", node.value)


def method_of(code: str, name: str) -> ast.FunctionDef:
    """The method of class Solution, the last one of this name; Skip where there is none."""
    methods = []
    for statement in parsed(code, "code does not parse").body:
        if isinstance(statement, ast.ClassDef) and statement.name == "Solution":
            functions = [f for f in statement.body if isinstance(f, ast.FunctionDef)]
            methods += [function for function in functions if function.name == name]
    if not methods:
        raise Skip("code without the method in class Solution")
    return methods[-1]


def imports(code: str) -> Iterator[str]:
    """The modules that setup code imports, by dotted name; Skip where it does not parse."""
    for node in ast.walk(parsed(code, "setup code does not parse")):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def read_test(call: str, parameters: ast.arguments) -> Test:
    """`assert f(a = 1) == 2` as a Test; Skip if it is of another form, or no literals.

    Positional arguments, which some of v0.2.0 have, get the method's names for them.
    """
    if FAILED_OUTPUT.match(call.rpartition(" == ")[2].strip()):
        raise Skip("expected output is an error message")
    statements = parsed(call, "does not parse, or has no expected output").body
    compare = statements[0].test if is_one_assert(statements) else None
    compares_a_call = isinstance(compare, ast.Compare) and isinstance(compare.left, ast.Call)
    if not compares_a_call or len(compare.ops) != 1:
        raise Skip("not of the form f(...) == value")
    kwargs = []
    for name, node in bound(compare.left, parameters).items():
        kwargs.append(f"{name} = {literal(literal_value(node, 'input'))}")
    return Test(", ".join(kwargs), literal_value(compare.comparators[0], "expected output"))


def is_one_assert(statements: list[ast.stmt]) -> bool:
    return len(statements) == 1 and isinstance(statements[0], ast.Assert)


def bound(call: ast.Call, parameters: ast.arguments) -> dict[str, ast.expr]:
    """The call's arguments by the method's names; Skip if they do not fit it."""
    names = [a.arg for a in parameters.args[1:]]
    arguments = dict(zip(names, call.args))
    for keyword in call.keywords:
        arguments[keyword.arg] = keyword.value
    required = names[: len(names) - len(parameters.defaults)]
    if not set(required) <= set(arguments) <= set(names) or len(call.args) > len(names):
        raise Skip("arguments do not fit the method")
    return arguments


def literal_value(node: ast.expr, what: str) -> Any:
    """The value of a literal made of Python's plain types.

    Skip, which names `what`, for others: constructors, -inf, `...`, complex, bytes.
    """
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        raise Skip(f"{what} is not a literal") from None
    if not consists_of_atoms(value):
        raise Skip(f"{what} is not a plain value")
    return value


def consists_of_atoms(value: Any) -> bool:
    """Whether containers and all that is in them end in ATOMS."""
    match value:
        case dict():
            return all(map(consists_of_atoms, [*value, *value.values()]))
        case list() | tuple() | set():
            return all(map(consists_of_atoms, value))
        case _:
            return isinstance(value, ATOMS)
