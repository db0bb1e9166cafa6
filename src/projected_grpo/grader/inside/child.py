"""What happens in the process that runs one program. Runs in the sandbox, standard library only.

The file, which is in memory, because a frame on a socket would wake the parent, holds the request,
marshalled. The frames take its place: length-prefixed JSON.

A request has setup (marshalled code), program, method, test_name, the CPU seconds module_s and
call_s, and what to do with the program:

  calls [marshalled arguments, in order], optional
      -> {"placement": how the test function is reachable once the module has run}, or
         {"raised": type} and no more;
      -> then for each call {"value": encoded(result)}, with "odd" if == may be the program's own,
         or {"raised": type}.

Where asks is true and there may be more to do (see goes_on), the child now writes a byte to its
channel. The parent takes the answers that there are and sends a message, marshalled behind its
length. One with calls is of hidden tests: calls, call_s and recursion, how deep they may go

      -> the same frames for each call

and the child asks again. The other is the rest of the request. Whatever helps to answer any call is
in there: until then this process does not hold it. Without calls it stands in the request:

  canonical, and canonical_code, marshalled; truth [statement]; compat_setup, the benchmark's;
      checker, a key of right_answers.CHECKERS
  trials ["own", or a key of STAND_INS, alone or behind "import:" or "part:"], where there is a test
      function, see trials.py; examples, for parts, are marshalled arguments; hasty: see below
      -> {"trial", and of run_tests "outcome", "called", ...} for each that tells something more;
         with the trial "truthy" "parts", whether the program has what may be a part
  scripts [of rules.SCRIPTS], and passed {script: verdict}, those that the parent knows
      -> {"script", "passes"} for each that tells something more

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
import sys
from collections.abc import Callable

import compat
from encode import encoded, odd
from modules import import_program
from own_tests import find_tests
from rules import script_tells
from steps import fit, step, step_around, write
from trials import try_tests

# Descriptors.
CHANNEL, FILE = 3, 4
# What stands above a program here and not above a script, of the frames that may be.
FRAMES_ABOVE = 20
# The recursion limit that a program finds.
OWN_LIMIT = sys.getrecursionlimit() + FRAMES_ABOVE


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
            run(request, send, ask)
    finally:
        leave(0)


def ask() -> dict:
    """The next message, which comes when the parent has taken the frames that there are."""
    os.write(CHANNEL, b"?")
    size = int.from_bytes(received(4), sys.byteorder)
    return marshal.loads(received(size))


def received(size: int) -> bytes:
    """So many bytes from the channel, or fewer where it ends."""
    data = os.read(CHANNEL, size)
    while len(data) < size and (more := os.read(CHANNEL, size - len(data))):
        data += more
    return data


def run(request: dict, send: Callable[[dict], None], ask: Callable[[], dict]) -> None:
    """Everything that a request asks for, step by step, one frame after another.

    It stops where the process is no longer fit.
    """
    try:
        program = compile(request["program"], "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return send({"compiles": False})
    send({"compiles": True})
    recursion = sys.getrecursionlimit()
    sys.setrecursionlimit(recursion + FRAMES_ABOVE)
    if "calls" in request:
        message = converse(request, program, send, ask)
        if message is None:
            return
        request = {**request, **message}
    tree = parsed(request, recursion) if request["trials"] else None
    if request["trials"] and not try_tests(request, program, tree, send):
        return
    sys.setrecursionlimit(recursion)
    if request["scripts"]:
        # The solution's hooks do not stand in the test function, unless it has the same name.
        is_whole = request["method"] != request["test_name"]
        run_scripts(request, compat.Scripts(request, program, tree if is_whole else None), send)


def converse(
    request: dict, program, send: Callable[[dict], None], ask: Callable[[], dict]
) -> dict | None:
    """Answer the calls, and those of hidden tests if they come. Returns the rest of the request,
    None if there is none."""
    step_around(request["method"], request["module_s"])
    # A program may raise what it likes, SystemExit and KeyboardInterrupt too.
    try:
        namespace = import_program(request, program, {})
        placement = find_tests(namespace, request)[0]
    except BaseException as error:
        send({"raised": type(error).__name__})
        namespace, placement = None, "none"
    else:
        send({"placement": placement})
    answered = namespace is not None and solve(namespace, request, request, send)
    if not goes_on(request, placement, answered):
        return None
    message = ask()
    if "calls" in message:
        limit = sys.getrecursionlimit()
        deepen(message["recursion"])
        solve(namespace, request, message, send)
        sys.setrecursionlimit(limit)
        message = ask()
    return message


def goes_on(request: dict, placement: str, answered: bool) -> bool:
    """Whether there may be more to do: hidden calls, trials, or scripts."""
    if not request["asks"]:
        return False
    has_tests = placement != "none" or f"def {request['test_name']}" in request["program"]
    return has_tests or answered or request["doubtful"]


def deepen(recursion: int) -> None:
    """Let calls go so deep, unless the program or its setup has set a limit of its own."""
    if sys.getrecursionlimit() == OWN_LIMIT:
        sys.setrecursionlimit(recursion + FRAMES_ABOVE)


def solve(namespace: dict, request: dict, message: dict, send: Callable[[dict], None]) -> bool:
    """Call the method, and report what came back. Returns whether each call came to a value.

    Each call gets arguments of its own, unpacked just before it, and its result is written down
    before the next call.
    """
    all_valued = True
    for arguments in message["calls"]:
        step(message["call_s"])
        # As above.
        try:
            result = getattr(namespace["Solution"](), request["method"])(*marshal.loads(arguments))
            mark = {"odd": True} if odd(result) else {}
            frame = {"value": encoded(result), **mark}
        except BaseException as error:
            frame = {"raised": type(error).__name__}
            all_valued = False
        send(frame)
    return all_valued


def parsed(request: dict, recursion: int) -> ast.Module | None:
    """The program's syntax, None where it is nested too deep for this limit."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(recursion)
    try:
        return ast.parse(request["program"])
    except (MemoryError, RecursionError):
        return None
    finally:
        sys.setrecursionlimit(limit)


def run_scripts(request: dict, scripts: compat.Scripts, send: Callable[[dict], None]) -> None:
    passed = dict(request["passed"])
    for name in request["scripts"]:
        if not script_tells(name, passed):
            continue
        if not fit():
            return
        passed[name] = scripts.passes(name, functools.partial(step, request["module_s"]))
        send({"script": name, "passes": passed[name]})
