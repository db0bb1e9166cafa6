"""What happens in the process that runs one program. It imports nothing of this package: only the standard library is here.

Request (marshal, from the parent): mode "solve" or "test", setup (marshalled code), program, method, test_name; solve: calls
[marshalled kwargs]; test: stand_in (a key of stand_ins()), canonical. Answer: length-prefixed JSON frames on descriptor 3:
  1. {"compiles": bool}     sent before any line of the program runs, so the program has no say in it
  2. {"placement": str}     how the test function is reachable once the module has run (or {"raised": type} and no more)
  3. solve: one frame a call, {"value": plain(result)} or {"raised": type};  test: {"outcome", "called", "examined"}
Everything after the first frame is the program's own word. The parent knows that and compares by itself.
"""

# Imported once in the zygote, so that a program's own import finds them warm.
import ast
import bisect, collections, copy, dataclasses, datetime, decimal, enum, fractions, functools, heapq, io, itertools  # noqa
import inspect
import json
import marshal
import math, operator, queue, random, re, statistics, string, threading, time, traceback, typing, unittest  # noqa
import os
import struct
import sys
import types

DEPTH = 100  # nesting beyond which a result is no plain value
EXACT_INT = 1 << 53


def serve(channel: int) -> None:
    """Answer the one request on this descriptor and leave, without running what the program registered for its exit."""
    leave = os._exit
    try:
        run(marshal.loads(read_all(channel)), sender(channel))
    finally:
        leave(0)


def read_all(channel: int) -> bytes:
    return b"".join(iter(lambda: os.read(channel, 1 << 20), b""))


def sender(channel: int):
    def send(frame: dict) -> None:
        text = json.dumps(frame).encode()
        text = struct.pack("=I", len(text)) + text
        while text:
            text = text[os.write(channel, text) :]

    return send


def run(request: dict, send) -> None:
    testing = request["mode"] == "test"
    random.seed(0)  # the same response gets the same label every time
    state = State()
    try:
        tree = ast.parse(request["program"])
        program = compile(tree, "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return send({"compiles": False})
    send({"compiles": True})
    if testing:
        hook_methods(tree.body, request["method"])
        program = compile(ast.fix_missing_locations(tree), "<program>", "exec", dont_inherit=True)
    namespace = new_module(state)
    try:
        exec(marshal.loads(request["setup"]), namespace)
        exec(program, namespace)
        if testing and request["stand_in"] != "own":
            state.stand_in = STAND_INS[request["stand_in"]](state, request)
            hook_the_rest(namespace, request["method"], state)
        placement, tests = find_tests(namespace, request["test_name"])
    except BaseException as error:
        return send({"raised": type(error).__name__})
    send({"placement": placement})
    if testing:
        send(run_tests(tests, state))
    else:
        solve(namespace, request, send)


def new_module(state: "State") -> dict:
    """The program's globals. __name__ is not "__main__", so that `if __name__` blocks rest; unittest still finds its module."""
    module = types.ModuleType("solution")
    sys.modules["solution"] = sys.modules["__main__"] = module
    sys.argv = ["solution"]
    vars(module).update({HOOK_METHOD: functools.partial(hook, state, True), HOOK_FUNCTION: functools.partial(hook, state, False)})
    return vars(module)


# --- solving: call the method, say what came back


def solve(namespace: dict, request: dict, send) -> None:
    """Each call gets arguments of its own, unpacked just before it, and its result is written down before the next call."""
    for arguments in request["calls"]:
        try:
            frame = {"value": plain(getattr(namespace["Solution"](), request["method"])(**marshal.loads(arguments)))}
        except BaseException as error:
            frame = {"raised": type(error).__name__}
        send(frame)


def plain(value, depth: int = 0):
    """A builtin value as JSON, with tags for what JSON lacks; a subclass counts as the builtin it holds; all else is {"x"}."""
    if depth > DEPTH:
        return {"x": "too deep"}
    down = depth + 1
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        value = int.__index__(value)
        return value if -EXACT_INT < value < EXACT_INT else {"i": hex(value)}
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list):
        return [plain(item, down) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return {"t": [plain(item, down) for item in tuple.__iter__(value)]}
    if isinstance(value, (set, frozenset)):
        kind = set if isinstance(value, set) else frozenset
        return {"s": [plain(item, down) for item in kind.__iter__(value)]}
    if isinstance(value, dict):
        return {"d": [[plain(k, down), plain(v, down)] for k, v in dict.items(value)]}
    return {"x": type(value).__name__}


# --- testing: call the response's own test function, with its solution or with a stand-in

HOOK_METHOD, HOOK_FUNCTION = "__hook_method__", "__hook_function__"


class State:
    """What a test function did. stand_in(arguments, keywords) answers in the solution's place; None: the solution itself."""

    def __init__(self) -> None:
        self.testing, self.stand_in, self.called, self.examined = False, None, 0, False


def hook(state: State, has_self: bool, function):
    """The solution's method, which answers through a stand-in while the test function runs, whoever holds a reference to it."""

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
    """Decorate every `def method` of the module and its classes, innermost, so that aliases and bound methods are hooked too."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            hook_methods(node.body, method, True)
        elif isinstance(node, ast.FunctionDef) and node.name == method:
            static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
            name = HOOK_METHOD if in_class and not static else HOOK_FUNCTION
            node.decorator_list.append(ast.copy_location(ast.Name(name, ast.Load()), node))
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for field in ("body", "orelse", "handlers", "finalbody"):
                hook_methods(getattr(node, field, None) or [], method, in_class)


def hook_the_rest(namespace: dict, method: str, state: State) -> None:
    """Put the stand-in where the method was assigned instead of defined, or where the program has no such class."""
    solution = namespace.setdefault("Solution", type("Solution", (), {}))
    if not isinstance(solution, type) or hasattr(getattr(solution, method, None), "hooked"):
        return
    static = isinstance(inspect.getattr_static(solution, method, None), staticmethod)
    stand_in = hook(state, not static, lambda *arguments: None)
    setattr(solution, method, staticmethod(stand_in) if static else stand_in)


def find_tests(namespace: dict, name: str):
    """(placement, how to call it): `name()` of the module first, else Solution().name(), else that of another class."""
    function = namespace.get(name)
    if callable(function):
        return ("function" if isinstance(function, types.FunctionType) else "other"), function
    classes = [("method", namespace.get("Solution"))]
    classes += [("other", c) for c in list(namespace.values()) if isinstance(c, type) and c.__module__ == "solution"]
    for placement, owner in classes:
        if isinstance(owner, type) and hasattr(owner, name):
            return placement, lambda owner=owner: getattr(owner(), name)()
    return "none", None


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
        __eq__, __ne__, __bool__ = note(False), note(True), note(truth)
        __hash__ = object.__hash__

        def __format__(self, _spec):
            return "result"

    return Result()


def canonical(state: State, request: dict):
    namespace = {"__name__": "canonical"}
    exec(marshal.loads(request["setup"]), namespace)
    exec(request["canonical"], namespace)
    return lambda arguments, keywords: getattr(namespace["Solution"](), request["method"])(*arguments, **keywords)


def perturbed(state: State, request: dict):
    right = canonical(state, request)
    return lambda arguments, keywords: near_miss(right(arguments, keywords))


def near_miss(value):
    """Another value of the same type and length, where there is one: wrong, but not by its looks."""
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
        return {**value, **{k: near_miss(v) for k, v in list(value.items())[-1:]}} if value else {0: 0}
    if isinstance(value, set):
        return value ^ {0}
    return 0


def raising(arguments, keywords):
    raise RuntimeError("a solution that fails")


STAND_INS = {
    "canonical": canonical,
    "perturbed": perturbed,
    "truthy": lambda state, request: lambda a, k, result=sentinel(state, True): result,
    "falsy": lambda state, request: lambda a, k, result=sentinel(state, False): result,
    "none": lambda state, request: lambda a, k: None,
    "raises": lambda state, request: raising,
}
