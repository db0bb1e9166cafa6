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
  recursion, optional: how deep these calls may go, where that is not Python's own limit

Where there is a test function and has_rest is true, the child now writes a byte to its channel. The
parent takes the answers that there are, and sends the rest of the request. Whatever helps to answer
the calls is in there: until then this process does not hold it. Without calls it stands in the
request:

  canonical, truth [statement]; checker, a key of right_answers.CHECKERS
  trials ["own", or a key of STAND_INS, alone or behind "import:" or "part:"], where there is a test
      function, see trial; examples, for parts, are marshalled arguments; hasty: see below
      -> {"trial", and of run_tests "outcome", "called", ...} for each that tells something more;
         with the trial "truthy" "parts", whether the program has what may be a part
  scripts [a key of compat.scripts], likewise
      -> {"script", "passes"} for each

Each of these is a step, and so are running the module and each statement of truth. A call has
call_s CPU seconds, and a statement, a script and a hasty trial module_s; the module has the child's
seconds, except for a single call of the method, and a trial has the child's. The step that takes
more is the child's last.

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
import sys
from collections.abc import Callable

import compat
import parts
from encode import encoded, odd
from hooks import HOOK, State, hook_methods, hook_the_rest
from modules import import_program
from own_tests import UNRUN, find_tests, run_tests
from stand_ins import STAND_INS
from steps import fit, step, step_around, write

# Descriptors.
CHANNEL, FILE = 3, 4
# What stands above a program here and not above a script, of the frames that may be.
FRAMES_ABOVE = 20
# What compiles nests no deeper, while ast walks it a frame a level.
NESTED = 4000


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

    It stops where the process is no longer fit.
    """
    try:
        program = compile(request["program"], "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return send({"compiles": False})
    send({"compiles": True})
    recursion = sys.getrecursionlimit()
    sys.setrecursionlimit(request.get("recursion", recursion) + FRAMES_ABOVE)
    if "calls" in request:
        if not solve(request, program, send) or not request["has_rest"]:
            return
        request = {**request, **the_rest()}
    if request["trials"] and not try_tests(request, program, send):
        return
    sys.setrecursionlimit(recursion)
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
    step_around(request["method"], request["module_s"])
    # A program may raise what it likes, here and below, SystemExit and KeyboardInterrupt too.
    try:
        namespace = import_program(request, program, {})
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


def try_tests(request: dict, program, send: Callable[[dict], None]) -> bool:
    """Run each trial, and report it. Returns whether the process came through them fit."""
    # In this code a stand-in can answer in the solution's place.
    recursion = sys.getrecursionlimit()
    sys.setrecursionlimit(NESTED)
    tree = ast.parse(request["program"])
    methods = hook_methods(tree, request["method"], request["program"])
    hooked = compile(ast.fix_missing_locations(tree), "<program>", "exec", dont_inherit=True)
    sys.setrecursionlimit(recursion)
    reports: dict[str, dict] = {}
    for name in request["trials"]:
        if not tells(name, reports):
            continue
        if not fit():
            return False
        step(request["module_s"] if request["hasty"] else 0)
        way, _, stand_in = name.rpartition(":")
        if way == "part":
            report = parts.trial(request, stand_in)
        elif stand_in == "own":
            report = trial(request, program, None, at_import=False)
        else:
            report = trial(request, hooked, stand_in, at_import=way == "import")
        if name == "truthy" and not report["called"]:
            may_call = parts.may_be_called(tree, request["test_name"], methods)
            report = {**report, "parts": may_call}
        reports[name] = report
        send({"trial": name, **report})
    return True


def tells(name: str, reports: dict[str, dict]) -> bool:
    """Whether a trial may tell more than those there are. The parent goes by the same rules."""
    way, _, stand_in = name.rpartition(":")
    truthy = reports.get("truthy")
    if truthy is not None and way != way_after(truthy):
        return False
    before = [reports.get(f"{way}:{other}".lstrip(":")) for other in ("truthy", "falsy")]
    if stand_in == "equal" and None not in before:
        return all(report["outcome"] != "raised" and report["examined"] for report in before)
    return way != "part" or before[0] is None or before[0]["called"] > 0


def way_after(truthy: dict) -> str | None:
    """Where the solution is to be replaced for tests that did this with a first stand-in."""
    if truthy["called"]:
        return ""
    if truthy["imported"]:
        return "import"
    return "part" if truthy["parts"] else None


def trial(request: dict, program, stand_in: str | None, at_import: bool) -> dict:
    """What the test function, of a module run for it alone, does with one stand-in.

    None: with the solution itself. at_import: the stand-in answers while the module runs, too, for
    tests that check what was computed there.
    """
    state = State()
    try:
        if stand_in is not None:
            state.stand_in = STAND_INS[stand_in](state, request)
        state.answering = at_import
        # As the zygote has it for the first run.
        random.seed(0)
        namespace = import_program(request, program, {HOOK: state})
        if stand_in is not None:
            state.answering = True
            hook_the_rest(namespace, request, state)
        _, tests = find_tests(namespace, request)
    # The module runs again here, and may raise what it likes where a stand-in answers it.
    except BaseException:
        return UNRUN
    return run_tests(tests, state) if tests is not None else UNRUN
