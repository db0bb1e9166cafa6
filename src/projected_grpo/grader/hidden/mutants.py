"""Mutants of a program: its source with one small fault in each.

Whether one is equivalent to the program cannot be told, only that no input at hand tells them
apart.
"""

import ast
import random
from collections.abc import Iterator

OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}
# Parts of a program that say nothing of what it does.
IDLE = ("annotation", "returns", "decorator_list", "bases", "keywords", "ctx")


def mutants(source: str, rng: random.Random) -> Iterator[str]:
    """Every mutant that compiles, once, in an order drawn from rng.

    An operator is another, a bound is strict or not, a number or an index is off by one, a branch
    is never taken, a step is left out.
    """
    tree = ast.parse(source)
    faults = list(faults_of(tree))
    rng.shuffle(faults)
    seen = {ast.unparse(tree)}
    for holder, field, place, fault in faults:
        sound = put(holder, field, place, fault)
        mutant = ast.unparse(tree)
        put(holder, field, place, sound)
        if mutant not in seen and compiles(mutant):
            seen.add(mutant)
            yield mutant


def faults_of(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """(the node that holds a part, the field, the place where that is a list, the faulty part)"""
    for holder in ast.walk(tree):
        if isinstance(holder, ast.Import | ast.ImportFrom):
            continue
        for field, value in ast.iter_fields(holder):
            if field in IDLE:
                continue
            for place, part in enumerate(value) if isinstance(value, list) else [(None, value)]:
                for fault in alternatives(part):
                    yield holder, field, place, fault


def put(holder: ast.AST, field: str, place: int | None, part: ast.AST) -> ast.AST:
    """Set a part; returns what stood there."""
    if place is None:
        before = getattr(holder, field)
        setattr(holder, field, part)
        return before
    parts = getattr(holder, field)
    before, parts[place] = parts[place], part
    return before


def alternatives(part: object) -> Iterator[ast.AST]:
    """What may stand in the place of a part of a program."""
    match part:
        case ast.operator() if type(part) in OPERATORS:
            yield OPERATORS[type(part)]()
        case ast.cmpop() if type(part) in COMPARISONS:
            yield from (other() for other in COMPARISONS[type(part)])
        case ast.And():
            yield ast.Or()
        case ast.Or():
            yield ast.And()
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Call(ast.Name(name), args, keywords) if name in FUNCTIONS:
            yield ast.Call(ast.Name(FUNCTIONS[name]), args, keywords)
        case ast.Call(ast.Name("range"), [*first, ast.expr() as last], []):
            yield ast.Call(part.func, [*first, off_by(last, 1)], [])
            yield ast.Call(part.func, [*first, off_by(last, -1)], [])
        case ast.Subscript(value, ast.Name() | ast.BinOp() as index, ast.Load()):
            yield ast.Subscript(value, off_by(index, -1), ast.Load())
        case ast.Slice(lower, upper, step):
            yield from slices(lower, upper, step)
        case ast.If(_, body, orelse):
            yield ast.If(ast.Constant(False), body, orelse)
        case ast.IfExp(_, _, orelse):
            yield orelse
        case ast.Break() | ast.Continue() | ast.AugAssign() | ast.Expr(ast.Call()):
            yield ast.Pass()


def slices(
    lower: ast.expr | None, upper: ast.expr | None, step: ast.expr | None
) -> Iterator[ast.Slice]:
    """The slice with one of its bounds off by one."""
    if lower is not None:
        yield ast.Slice(off_by(lower, 1), upper, step)
    if upper is not None:
        yield ast.Slice(lower, off_by(upper, -1), step)


def off_by(expression: ast.expr, n: int) -> ast.expr:
    return ast.BinOp(expression, ast.Add() if n > 0 else ast.Sub(), ast.Constant(abs(n)))


def compiles(source: str) -> bool:
    """Whether it does: a bool's index or an assignment's part may have become what cannot."""
    try:
        compile(source, "<mutant>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
