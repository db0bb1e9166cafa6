"""What happens in the process that runs one program. Only the standard library is here, nothing of this package.

Request (marshal, from the parent): mode "solve" or "test", setup (marshalled code), program, method, test_name;
solve: calls [marshalled kwargs]; test: stand_in (a key of STAND_INS, or "own"), canonical.
Answer: length-prefixed JSON frames on descriptor 3:
  1. {"compiles": bool}     sent before any line of the program runs, so the program has no say in it
  2. {"placement": str}     how the test function is reachable once the module has run (or {"raised": type} and no more)
  3. solve: one frame a call, {"value": plain(result)} or {"raised": type};  test: {"outcome", "called", "examined"}
Everything after the first frame is the program's own word. The parent knows that and compares by itself.
"""

import ast
import functools
import json
import marshal
import os
import random
import struct
import sys
import types

from plain import plain
from stand_ins import (
    HOOK_FUNCTION,
    HOOK_METHOD,
    STAND_INS,
    State,
    find_tests,
    hook,
    hook_methods,
    hook_the_rest,
    run_tests,
)


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
    except BaseException as error:  # a program may raise what it likes, SystemExit and KeyboardInterrupt too
        return send({"raised": type(error).__name__})
    send({"placement": placement})
    if testing:
        send(run_tests(tests, state))
    else:
        solve(namespace, request, send)


def new_module(state: State) -> dict:
    """The program's globals. __name__ is not "__main__", so that `if __name__` blocks rest; unittest still finds its
    module."""
    module = types.ModuleType("solution")
    sys.modules["solution"] = sys.modules["__main__"] = module
    sys.argv = ["solution"]
    vars(module).update(
        {HOOK_METHOD: functools.partial(hook, state, True), HOOK_FUNCTION: functools.partial(hook, state, False)}
    )
    return vars(module)


# --- solving: call the method, say what came back


def solve(namespace: dict, request: dict, send) -> None:
    """Each call gets arguments of its own, unpacked just before it, and its result is written down before the next
    call."""
    for arguments in request["calls"]:
        try:
            frame = {"value": plain(getattr(namespace["Solution"](), request["method"])(**marshal.loads(arguments)))}
        except BaseException as error:  # as above
            frame = {"raised": type(error).__name__}
        send(frame)
