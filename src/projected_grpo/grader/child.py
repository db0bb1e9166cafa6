"""What happens in the process that runs one program. Only the standard library is here, nothing of this package.

Request (marshal, from the parent): setup (marshalled code), program, method, test_name, canonical, truth [statement],
and what to do with the program, in this order:
  calls [marshalled kwargs]    optional. Answer: {"placement": how the test function is reachable once the module has
                               run} or {"raised": type} and no more; then for each call {"value": plain(result)}, with
                               "odd" if == may be the program's own, or {"raised": type}
  stand_ins [a key of STAND_INS, or "own"]    where there is a test function: {"trial", "outcome", "called", "examined"}
  scripts [a key of compat.scripts]           likewise: {"script", "passes"}
The first frame is {"compiles": bool}, sent before any line of the program runs, so the program has no say in it.
Everything after it is the program's own word. The parent knows that, compares by itself, and asks a fresh child for what
is missing. A request with "source" is another thing: see compat.harness. Frames: length-prefixed JSON on descriptor 3.
"""

import ast
import functools
import json
import marshal
import os
import random
import resource
import struct
import sys
import threading
import time
import types

import compat
from plain import odd, plain
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


FLUSH_SECONDS, FLUSH_BYTES = 0.05, 1 << 15  # answers travel together, but those before a long call do not wait for it
ROOM = 4  # a child goes on to the next task only while it uses less than this part of its memory


def serve(channel: int) -> None:
    """Answer the one request on this descriptor and leave, without running what the program registered for its exit."""
    leave = os._exit
    try:
        request, out = marshal.loads(read_all(channel)), Out(channel)
        compat.harness(request, out.send) if "source" in request else run(request, out)
        out.flush()
    finally:
        leave(0)


def read_all(channel: int) -> bytes:
    return b"".join(iter(lambda: os.read(channel, 1 << 20), b""))


class Out:
    """Frames on their way."""

    def __init__(self, channel: int) -> None:
        self.channel, self.waiting, self.sent = channel, bytearray(), 0.0

    def send(self, frame: dict) -> None:
        text = json.dumps(frame).encode()
        self.waiting += struct.pack("=I", len(text)) + text
        if len(self.waiting) > FLUSH_BYTES or time.monotonic() - self.sent > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        while self.waiting:
            del self.waiting[: os.write(self.channel, self.waiting)]
        self.sent = time.monotonic()


def run(request: dict, out: Out) -> None:
    try:
        tree = ast.parse(request["program"])
        program = compile(tree, "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return out.send({"compiles": False})
    out.send({"compiles": True})
    out.flush()
    if "calls" in request and not solve(request, program, out):
        return
    if request["stand_ins"]:
        hook_methods(tree.body, request["method"])
        program = compile(ast.fix_missing_locations(tree), "<program>", "exec", dont_inherit=True)
    for stand_in in request["stand_ins"]:
        out.flush()
        if not fit():
            return
        said = test(request, program, stand_in)
        out.send({"trial": stand_in, **said})
        if stand_in == "truthy" and not said["called"] and said["outcome"] != "raised":
            break  # no stand-in can change what it does
    parts = compat.scripts(request) if request["scripts"] else {}
    for script in request["scripts"]:
        out.flush()
        if not fit():
            return
        out.send({"script": script, "passes": compat.passes(request["setup"], *parts[script])})


def fit() -> bool:
    """Whether what ran so far left this process as good as new: no thread, and memory to spare."""
    used, limit = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10, resource.getrlimit(resource.RLIMIT_AS)[0]
    return threading.active_count() == 1 and used * ROOM < limit


def import_program(request: dict, program, state: State) -> dict:
    """The globals of the program, freshly run. Raises what the program raises."""
    random.seed(0)  # the same response gets the same label every time
    namespace = new_module(state)
    exec(marshal.loads(request["setup"]), namespace)
    exec(program, namespace)
    return namespace


def test(request: dict, program, stand_in: str) -> dict:
    """What the test function, of a module run for it alone, does with one stand-in."""
    state = State()
    try:
        namespace = import_program(request, program, state)
        if stand_in != "own":
            state.stand_in = STAND_INS[stand_in](state, request)
            hook_the_rest(namespace, request["method"], state)
        _, tests = find_tests(namespace, request["test_name"])
    except BaseException:  # a program may raise what it likes, SystemExit and KeyboardInterrupt too
        return {"outcome": "raised", "called": 0, "examined": False}
    return run_tests(tests, state)


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


def solve(request: dict, program, out: Out) -> bool:
    """Each call gets arguments of its own, unpacked just before it, and its result is written down before the next
    call. Returns whether the module has a test function."""
    try:
        namespace = import_program(request, program, State())
        placement = find_tests(namespace, request["test_name"])[0]
    except BaseException as error:  # as above
        out.send({"raised": type(error).__name__})
        return False
    out.send({"placement": placement})
    for arguments in request["calls"]:
        if time.monotonic() - out.sent > FLUSH_SECONDS:
            out.flush()
        try:
            result = getattr(namespace["Solution"](), request["method"])(**marshal.loads(arguments))
            frame = {"value": plain(result), "odd": True} if odd(result) else {"value": plain(result)}
        except BaseException as error:  # as above
            frame = {"raised": type(error).__name__}
        out.send(frame)
    return placement != "none"
