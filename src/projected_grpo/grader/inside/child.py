"""What happens in the process that runs one program. Runs in the sandbox, standard library only.

The file, which is in memory, because a frame on a socket would wake the parent, holds the request,
marshalled. The frames take its place: length-prefixed JSON.

A request has setup (marshalled code; compat_setup is the benchmark's), program, method, test_name,
the CPU seconds module_s and call_s, and what to do with the program:

  calls [marshalled arguments, in order], optional
      -> {"placement": how the test function is reachable once the module has run}, or
         {"raised": type} and no more;
      -> then for each call {"value": encoded(result)}, with "odd" if == may be the program's own,
         or {"raised": type}.

Where there is a test function and has_rest is true, the child now writes a byte to its channel. The
parent takes the answers that there are, and sends the rest of the request. Whatever helps to answer
the calls is in there: until then this process does not hold it. Without calls it stands in the
request:

  canonical, truth [statement]
  stand_ins [a key of STAND_INS, or "own"], where there is a test function
      -> {"trial", "outcome", "called", "examined"} for each
  scripts [a key of compat.scripts], likewise
      -> {"script", "passes"} for each

Each of these is a step, and so are running the module and each statement of truth. A call has
call_s CPU seconds. Any other step runs the module anew or tests that call several times, so it has
module_s. The step that takes more is the child's last.

The first frame is {"compiles": bool}, written before any line of the program runs: a program that
runs can only belie that it compiles. All frames are the program's own word. The parent knows that,
compares by itself, and asks a fresh child for what is missing.

A request with "source" is another thing: see compat.harness.
"""

import ast
import functools
import marshal
import os
import random
from collections.abc import Callable

import compat
from encode import encoded, odd
from modules import import_program
from stand_ins import STAND_INS, State, find_tests, hook_methods, hook_the_rest, run_tests
from steps import fit, step, write

# Descriptors.
CHANNEL, FILE = 3, 4


def serve() -> None:
    """Answer the one request and leave, without running what the program registered for its
    exit."""
    leave = os._exit
    try:
        request = marshal.loads(os.pread(FILE, os.lseek(FILE, 0, os.SEEK_END), 0))
        os.ftruncate(FILE, 0)
        os.lseek(FILE, 0, os.SEEK_SET)
        send = functools.partial(write, FILE)
        if "source" in request:
            compat.harness(request, send)
        else:
            run(request, send, the_rest)
    finally:
        leave(0)


def the_rest() -> dict:
    os.write(CHANNEL, b"?")
    return marshal.loads(b"".join(iter(lambda: os.read(CHANNEL, 1 << 20), b"")))


def run(request: dict, send: Callable[[dict], None], the_rest: Callable[[], dict]) -> None:
    """Everything that a request asks for, step by step, one frame after another.

    It stops where the process is no longer fit. The loops have no functions of their own: the
    frames above a program count towards its recursion limit.
    """
    try:
        program = compile(request["program"], "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return send({"compiles": False})
    send({"compiles": True})
    if "calls" in request:
        if not solve(request, program, send) or not request["has_rest"]:
            return
        request = {**request, **the_rest()}
    if request["stand_ins"]:
        # In this code a stand-in can answer in the solution's place.
        tree = ast.parse(request["program"])
        hook_methods(tree.body, request["method"])
        program = compile(ast.fix_missing_locations(tree), "<program>", "exec", dont_inherit=True)
    for stand_in in request["stand_ins"]:
        if not fit():
            return
        step(request["module_s"])
        report = trial(request, program, stand_in)
        send({"trial": stand_in, **report})
        if stand_in == "truthy" and not report["called"] and report["outcome"] != "raised":
            # No stand-in can change what it does.
            break
    scripts = compat.scripts(request) if request["scripts"] else {}
    for name in request["scripts"]:
        if not fit():
            return
        begin = functools.partial(step, request["module_s"])
        passes = compat.passes(request["compat_setup"], *scripts[name], begin)
        send({"script": name, "passes": passes})


def solve(request: dict, program, send: Callable[[dict], None]) -> bool:
    """Call the method, and report what came back. Returns whether there is a test function.

    Each call gets arguments of its own, unpacked just before it, and its result is written down
    before the next call.
    """
    step(request["module_s"])
    # A program may raise what it likes, here and below, SystemExit and KeyboardInterrupt too.
    try:
        namespace = import_program(request, program, State())
        placement = find_tests(namespace, request)[0]
    except BaseException as error:
        send({"raised": type(error).__name__})
        return False
    send({"placement": placement})
    for arguments in request["calls"]:
        step(request["call_s"])
        try:
            result = getattr(namespace["Solution"](), request["method"])(*marshal.loads(arguments))
            mark = {"odd": True} if odd(result) else {}
            frame = {"value": encoded(result), **mark}
        except BaseException as error:
            frame = {"raised": type(error).__name__}
        send(frame)
    return placement != "none"


def trial(request: dict, program, stand_in: str) -> dict:
    """What the test function, of a module run for it alone, does with one stand-in."""
    state = State()
    try:
        # As the zygote has it for the first run.
        random.seed(0)
        namespace = import_program(request, program, state)
        if stand_in != "own":
            state.stand_in = STAND_INS[stand_in](state, request)
            hook_the_rest(namespace, request["method"], state)
        _, tests = find_tests(namespace, request)
    except BaseException:
        return {"outcome": "raised", "called": 0, "examined": False}
    return run_tests(tests, state)
