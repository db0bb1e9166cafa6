"""Tests that call no solution but a part of it, a helper or another method. Runs in the sandbox.

What the test function calls and the solution, answering the examples, calls too is a part of it,
and so is a method of its class that takes something and gives something back. A stand-in answers in
the place of these. A function that only checks, for the tests, is no part.
"""

import ast
import functools
import marshal
import sys

from hooks import BODIES, State
from modules import import_program
from own_tests import UNRUN, find_tests, run_tests
from stand_ins import STAND_INS, near_miss

PART = "__part__"
# Each watched call is two frames of what a plain program may have 1,000 of.
RECURSION = 3000


def may_be_called(tree: ast.Module, test_name: str, methods: list) -> bool:
    """Whether the program has what may be a part, methods apart, and its tests call something."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    tests = [node for node in functions if node.name == test_name]
    calls = [any(isinstance(n, ast.Call) for n in ast.walk(test)) for test in tests]
    if tests and not any(calls):
        return False
    return any(function not in methods for function in candidates(tree.body, test_name))


def candidates(body: list, test_name: str) -> list:
    """What in the module and its classes may be a part: functions, and lambdas with a name."""
    found = []
    for node in body:
        if isinstance(node, ast.ClassDef):
            found += candidates(node.body, test_name)
        elif isinstance(node, ast.FunctionDef):
            is_special = node.name.startswith("__") or node.name == test_name
            found += [] if is_special else [node]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            found.append(node)
        elif not isinstance(node, ast.AsyncFunctionDef):
            for part in BODIES:
                found += candidates(getattr(node, part, None) or [], test_name)
    return found


@functools.cache
def watched_program(text: str, test_name: str):
    """The program, in which every such function is watched."""
    tree = ast.parse(text)
    for node in candidates(tree.body, test_name):
        watch = ast.copy_location(ast.Name(PART, ast.Load()), node)
        if isinstance(node, ast.FunctionDef):
            # The innermost decorator, so that aliases and bound methods are watched too.
            node.decorator_list.append(watch)
        else:
            node.value = ast.copy_location(ast.Call(watch, [node.value], []), node)
    return compile(ast.fix_missing_locations(tree), "<program>", "exec", dont_inherit=True)


class Watch:
    """Which functions are called, and a stand-in for some of them.

    seen: a function's name and line -> whether it may be a part for what it takes and gives.
    replaced: those that answer(function, arguments, keywords) stands in for, None while watching.
    """

    def __init__(self) -> None:
        self.seen: dict[tuple, bool] = {}
        self.replaced: set | None = None
        self.answer = None

    def __call__(self, function):
        name = (function.__qualname__, function.__code__.co_firstlineno)
        in_class = function.__qualname__.startswith("Solution.")

        @functools.wraps(function)
        def part(*arguments, **keywords):
            if self.replaced is None:
                result = function(*arguments, **keywords)
                takes = len(arguments) + len(keywords) > 1
                is_telling = in_class and takes and result is not None
                self.seen[name] = self.seen.get(name, False) or is_telling
                return result
            if name in self.replaced:
                return self.answer(function, arguments, keywords)
            return function(*arguments, **keywords)

        return part


def parts_of(request: dict) -> set:
    """The parts of the solution that the test function calls."""
    watch = Watch()
    namespace = run_module(request, watch)
    _, tests = find_tests(namespace, request)
    watch.seen.clear()
    run_tests(tests, State())
    tested = dict(watch.seen)
    watch.seen.clear()
    for arguments in request["examples"] if tested else ():
        try:
            getattr(namespace["Solution"](), request["method"])(*marshal.loads(arguments))
        except Exception:
            # What it called until then is seen.
            continue
    return {name for name, is_telling in tested.items() if is_telling or name in watch.seen}


def run_module(request: dict, watch: Watch) -> dict:
    program = watched_program(request["program"], request["test_name"])
    return import_program(request, program, {PART: watch})


def trial(request: dict, stand_in: str) -> dict:
    """What the test function does with one stand-in for the parts that it calls."""
    state, watch = State(), Watch()
    sys.setrecursionlimit(RECURSION)
    try:
        parts = parts_of(request)
        namespace = run_module(request, watch)
        _, tests = find_tests(namespace, request)
    except BaseException:
        return UNRUN

    def answer(function, arguments, keywords):
        state.asked()
        if stand_in != "perturbed":
            return STAND_INS[stand_in](state, request)(arguments, keywords)
        watch.replaced = set()
        try:
            return near_miss(function(*arguments, **keywords))
        finally:
            watch.replaced = parts

    watch.answer, watch.replaced = answer, parts
    return run_tests(tests, state)
