"""A problem's own setup, which every program of it finds in its globals: as code, and whether the zygote may run it ahead of the programs."""

import ast
import marshal
from functools import lru_cache

from projected_grpo.grader.bwrap import WARM

SHARED = {*WARM, "builtins"} - {
    "unittest"
}  # `from unittest import mock` would import a module more


@lru_cache(maxsize=64)
def compiled(setup_code: str) -> bytes:
    """The problem's own imports as marshalled code: the sandbox runs the same interpreter, and they are few and
    repeat."""
    return marshal.dumps(compile(setup_code, "<setup>", "exec", dont_inherit=True))


@lru_cache(maxsize=64)
def only_binds(setup_code: str) -> bool:
    """Whether this binds names of modules that the zygote has already, infinity, and plain functions and classes, and does nothing else: then the zygote may run
    it, and no later program can tell."""
    return all(map(binds, ast.parse(setup_code).body))


def binds(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import(names):
            return all(name.name in SHARED for name in names)
        case ast.ImportFrom(module=module, level=0):
            return module in SHARED
        case ast.Assign(
            [ast.Name()], ast.Call(ast.Name("float"), [ast.Constant("inf" | "-inf")], [])
        ) | ast.Expr(ast.Constant()):
            return True
        case ast.FunctionDef(args=args, decorator_list=[], returns=returns):
            parameters = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
            evaluated = [
                *args.defaults,
                *args.kw_defaults,
                returns,
                *(p.annotation for p in parameters if p is not None),
            ]
            return all(isinstance(part, ast.Constant | ast.Name | None) for part in evaluated)
        case ast.ClassDef(bases=[], keywords=[], body=body, decorator_list=[]):
            return all(map(binds, body))
    return False
