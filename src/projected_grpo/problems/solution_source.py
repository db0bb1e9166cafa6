"""What a data set's source text says: parameters, imports, and tests of plain literals."""

import ast
import math
import re
import sys
from collections.abc import Iterator
from typing import Any

from projected_grpo.problems.problem import Test, literal

# What a run that failed upstream left in place of its output, with or without quotes around it.
FAILED_OUTPUT = re.compile(
    r"""["']?(\w*Error\b|\w*Exception\b|Traceback|Execution timed out|Time ?out|Timed out)"""
)
# The one package beside the standard library that solutions may import: the sites have it, and so
# has the grader's sandbox.
PACKAGE = "sortedcontainers"
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


def third_party(code: str) -> list[str]:
    """The packages that code imports and that the sandbox has not."""
    packages = {name.partition(".")[0] for name in imports(code)}
    return sorted(packages - sys.stdlib_module_names - {PACKAGE, ""})


def names_of(parameters: ast.arguments) -> list[str]:
    """Of a method's parameters, without self."""
    return [a.arg for a in parameters.args[1:]]


def renamed(canonical: ast.arguments, parameters: ast.arguments) -> dict[str, str]:
    """What the canonical solution calls its parameters -> what the starter code calls them.

    Calls go by position. Skip where the two take other arguments: more, or in another order.
    """
    theirs, ours = names_of(canonical), names_of(parameters)
    moved = any(own in ours and own != name for own, name in zip(theirs, ours))
    if len(theirs) != len(ours) or moved:
        raise Skip("canonical solution takes other arguments")
    return dict(zip(theirs, ours))


def read_test(call: str, parameters: ast.arguments, names: dict[str, str]) -> Test:
    """`assert f(a = 1) == 2` as a Test; Skip if it is of another form, or no literals.

    Positional arguments, which some of v0.2.0 have, get the method's names for them, and keywords
    that are the canonical solution's own get those of `names`.
    """
    if FAILED_OUTPUT.match(call.rpartition(" == ")[2].strip()):
        raise Skip("expected output is an error message")
    statements = parsed(call, "does not parse, or has no expected output").body
    compare = statements[0].test if is_one_assert(statements) else None
    compares_a_call = isinstance(compare, ast.Compare) and isinstance(compare.left, ast.Call)
    if not compares_a_call or len(compare.ops) != 1:
        raise Skip("not of the form f(...) == value")
    kwargs = []
    for name, node in bound(compare.left, parameters, names).items():
        kwargs.append(f"{name} = {literal(literal_value(node, 'input'))}")
    return Test(", ".join(kwargs), literal_value(compare.comparators[0], "expected output"))


def is_one_assert(statements: list[ast.stmt]) -> bool:
    return len(statements) == 1 and isinstance(statements[0], ast.Assert)


def bound(
    call: ast.Call, parameters: ast.arguments, renamed: dict[str, str]
) -> dict[str, ast.expr]:
    """The call's arguments by the method's names, in its order; Skip if they do not fit it.

    Only the last may be left to their defaults, as calls go by position.
    """
    names = names_of(parameters)
    arguments = dict(zip(names, call.args))
    for keyword in call.keywords:
        arguments[renamed.get(keyword.arg, keyword.arg)] = keyword.value
    least = len(names) - len(parameters.defaults)
    first = names[: len(arguments)]
    if set(arguments) != set(first) or len(first) < least or len(call.args) > len(names):
        raise Skip("arguments do not fit the method")
    return {name: arguments[name] for name in first}


def literal_value(node: ast.expr, what: str) -> Any:
    """The value of a literal made of Python's plain types.

    Skip, which names `what`, for others: constructors, -inf, 1e999, `...`, complex, bytes.
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
        case float():
            return math.isfinite(value)
        case _:
            return isinstance(value, ATOMS)
