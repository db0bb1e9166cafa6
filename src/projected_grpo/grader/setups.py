"""A problem's own setup, which every program of the problem finds in its globals.

Here it becomes code, and it is decided whether the zygote may run it ahead of the programs.
"""

import ast
import marshal
from functools import lru_cache

from projected_grpo.grader.bwrap import IMPORTED
from projected_grpo.problems.solution_source import PACKAGE

# `from unittest import mock` would import a module more.
SHARED = {*IMPORTED, PACKAGE, "builtins"} - {"unittest"}


@lru_cache(maxsize=64)
def with_modules(setup_code: str) -> str:
    """The setup, before it an import of each module of which it imports every name.

    The sites bind collections beside what is in it. What the setup binds itself stays: bisect is
    its function there.
    """
    return "".join(f"import {name}\n" for name in star_modules(setup_code)) + setup_code


@lru_cache(maxsize=64)
def star_modules(setup_code: str) -> list[str]:
    """The modules of which the setup imports every name."""
    imports = [s for s in ast.parse(setup_code).body if isinstance(s, ast.ImportFrom)]
    return [s.module for s in imports if s.names[0].name == "*"]


@lru_cache(maxsize=64)
def compiled(setup_code: str) -> bytes:
    """The problem's own imports as marshalled code, which the sandbox's interpreter, the same as
    ours, can load. Setups are few and repeat."""
    return marshal.dumps(compile(setup_code, "<setup>", "exec", dont_inherit=True))


@lru_cache(maxsize=64)
def ahead(setup_code: str) -> bytes:
    """What the zygote may run of a problem's setups (modules.prepare): ours and the benchmark's."""
    setup = with_modules(setup_code)
    if not only_binds(setup):
        return b""
    return marshal.dumps((compiled(setup), compiled(setup_code)))


@lru_cache(maxsize=64)
def only_binds(setup_code: str) -> bool:
    """Whether the zygote may run this, and no later program can tell.

    True where it binds names of modules that the zygote has already, infinity, and plain functions
    and classes, and does nothing else.
    """
    return all(map(binds, ast.parse(setup_code).body))


def binds(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import(names):
            return all(name.name in SHARED for name in names)
        case ast.ImportFrom(module=module, level=0):
            return module in SHARED
        case ast.Expr(ast.Constant()):
            return True
        case ast.Assign([ast.Name()], value):
            return is_infinity(value)
        case ast.FunctionDef(decorator_list=[]):
            return all(isinstance(part, ast.Constant | ast.Name) for part in evaluated(statement))
        case ast.ClassDef(bases=[], keywords=[], body=body, decorator_list=[]):
            return all(map(binds, body))
    return False


def is_infinity(value: ast.expr) -> bool:
    match value:
        case ast.Call(ast.Name("float"), [ast.Constant("inf" | "-inf")], []):
            return True
    return False


def evaluated(function: ast.FunctionDef) -> list[ast.expr]:
    """The defaults and annotations, which are evaluated where the function is defined."""
    args = function.args
    parameters = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
    annotations = [parameter.annotation for parameter in parameters if parameter is not None]
    parts = [*args.defaults, *args.kw_defaults, function.returns, *annotations]
    return [part for part in parts if part is not None]
