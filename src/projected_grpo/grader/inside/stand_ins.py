"""The response's own test function, called with its solution or with a stand-in for it.

Runs in the sandbox. A stand-in answers in the solution's place whoever holds a reference to it,
because the program is compiled with a hook as the innermost decorator of every `def method`. So
helpers, constants, aliases and bound methods of the program keep working.
"""

import ast
import functools
import gc
import inspect
import marshal
import math
import types

HOOK_METHOD, HOOK_FUNCTION = "__hook_method__", "__hook_function__"
# The parts of a statement that hold statements.
BODIES = ("body", "orelse", "handlers", "finalbody")


class State:
    """What a test function did.

    stand_in(arguments, keywords) answers in the solution's place; None: the solution itself.
    """

    def __init__(self) -> None:
        self.testing = False
        self.stand_in = None
        self.called = 0
        self.examined = False


def hook(state: State, has_self: bool, function):
    """The solution's method, which answers through a stand-in while the test function runs."""

    @functools.wraps(function)
    def solution(*arguments, **keywords):
        if not state.testing:
            return function(*arguments, **keywords)
        state.called += 1
        if state.stand_in is None:
            return function(*arguments, **keywords)
        return state.stand_in(arguments[has_self:], keywords)

    solution.hooked = True
    return solution


def hook_methods(body: list, method: str, in_class: bool = False) -> None:
    """Decorate every `def method` of the module and its classes.

    The hook is the innermost decorator, so that aliases and bound methods are hooked too.
    """
    for node in body:
        if isinstance(node, ast.ClassDef):
            hook_methods(node.body, method, True)
        elif isinstance(node, ast.FunctionDef) and node.name == method:
            name = HOOK_METHOD if in_class and not is_static(node) else HOOK_FUNCTION
            node.decorator_list.append(ast.copy_location(ast.Name(name, ast.Load()), node))
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for part in BODIES:
                hook_methods(getattr(node, part, None) or [], method, in_class)


def is_static(node: ast.FunctionDef) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)


def hook_the_rest(namespace: dict, method: str, state: State) -> None:
    """Put the stand-in where the method was assigned instead of defined, or where the program has
    no such class."""
    solution = namespace.setdefault("Solution", type("Solution", (), {}))
    if not isinstance(solution, type) or hasattr(getattr(solution, method, None), "hooked"):
        return
    static = isinstance(inspect.getattr_static(solution, method, None), staticmethod)
    stand_in = hook(state, not static, lambda *arguments: None)
    setattr(solution, method, staticmethod(stand_in) if static else stand_in)


def find_tests(namespace: dict, request: dict):
    """(placement, how to call it).

    The test function of the module comes first, then Solution's method of that name, then that of
    another class.
    """
    name = request["test_name"]
    function = namespace.get(name)
    if callable(function):
        return ("function" if isinstance(function, types.FunctionType) else "other"), function
    solution = namespace.get("Solution")
    classes = [("method", solution)]
    # Reading a value of the namespace copies the page it stands on, so it is done only where it can
    # help. A class that stood there before the program can have got the function only from a
    # program that names it.
    if name in request["program"] or made_a_class_beside(solution):
        for value in list(namespace.values()):
            if isinstance(value, type) and value.__module__ == "solution":
                classes.append(("other", value))
    for placement, owner in classes:
        if isinstance(owner, type) and hasattr(owner, name):
            return placement, lambda owner=owner: getattr(owner(), name)()
    return "none", None


def made_a_class_beside(solution) -> bool:
    """Whether the program made one more. gc knows what was made since the fork."""
    return any(
        issubclass(type(thing), type) and thing is not solution for thing in gc.get_objects()
    )


def run_tests(tests, state: State) -> dict:
    """outcome: returned; exited (SystemExit that reports success, as unittest.main's); raised."""
    if tests is None:
        return {"outcome": "raised", "called": 0, "examined": False}
    state.testing = True
    try:
        tests()
        outcome = "returned"
    except SystemExit as error:
        outcome = "raised" if error.code else "exited"
    except BaseException:
        # The response's own tests may raise what they like.
        outcome = "raised"
    return {"outcome": outcome, "called": state.called, "examined": state.examined}


def sentinel(state: State, truth: bool):
    """A result equal to nothing, that notes being looked at. Printing it is not looking."""

    def note(answer):
        def look(self, *others):
            state.examined = True
            return answer

        return look

    class Result:
        __eq__ = note(False)
        __ne__ = note(True)
        __bool__ = note(truth)
        __hash__ = object.__hash__

        def __format__(self, _spec):
            return "result"

    return Result()


def canonical(state: State, request: dict):
    namespace = {"__name__": "canonical"}
    exec(marshal.loads(request["setup"]), namespace)
    exec(request["canonical"], namespace)

    def answer(arguments, keywords):
        return getattr(namespace["Solution"](), request["method"])(*arguments, **keywords)

    return answer


def perturbed(state: State, request: dict):
    right = canonical(state, request)
    return lambda arguments, keywords: near_miss(right(arguments, keywords))


def near_miss(value):
    """Another value of the same type and length, where there is one: wrong, but not by its
    looks."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value + 1.0 if math.isfinite(value) else 0.0
    if isinstance(value, str):
        return (value[:-1] + chr(ord(value[-1]) ^ 1)) if value else "a"
    if isinstance(value, (list, tuple)):
        return type(value)([*value[:-1], near_miss(value[-1])] if value else [0])
    if isinstance(value, dict):
        if not value:
            return {0: 0}
        key, last = list(value.items())[-1]
        return {**value, key: near_miss(last)}
    if isinstance(value, set):
        return value ^ {0}
    return 0


def truthy(state: State, request: dict):
    result = sentinel(state, True)
    return lambda arguments, keywords: result


def falsy(state: State, request: dict):
    result = sentinel(state, False)
    return lambda arguments, keywords: result


def none(state: State, request: dict):
    return lambda arguments, keywords: None


def raises(state: State, request: dict):
    def answer(arguments, keywords):
        raise RuntimeError("a solution that fails")

    return answer


STAND_INS = {
    "canonical": canonical,
    "perturbed": perturbed,
    "truthy": truthy,
    "falsy": falsy,
    "none": none,
    "raises": raises,
}
