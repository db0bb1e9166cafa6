"""What happens in the process that runs one program. Only the standard library is here, nothing of this package.

Request (marshal, from the parent): setup (marshalled code), program, method, test_name, and what to do with the program:
  calls [marshalled kwargs]    optional. Answer: {"placement": how the test function is reachable once the module has
                               run} or {"raised": type} and no more; then for each call {"value": plain(result)}, with
                               "odd" if == may be the program's own, or {"raised": type}
Where there is a test function and the request says asks, the child writes a byte to its channel. The parent takes the answers
that there are, and sends the rest of the request. Whatever helps to answer the calls is in there: until then this process does not
hold it. Without calls it stands in the request:
  canonical, truth [statement]
  stand_ins [a key of STAND_INS, or "own"]    where there is a test function: {"trial", "outcome", "called", "examined"}
  scripts [a key of compat.scripts]           likewise: {"script", "passes"}
Each of these is a step, and so are running the module and each statement of truth. A call has call_s CPU seconds, any other step, since it runs
the module anew or tests that call several times, module_s: the step that takes more is the child's last.
The first frame is {"compiles": bool}, written before any line of the program runs: a program that runs can only belie that it
compiles. All frames are the program's own word. The parent knows that, compares by itself, and asks a fresh child for what
is missing. A request with "source" is another thing: see compat.harness. The file holds the request, and then the frames,
length-prefixed JSON: in memory, because a frame on a socket would wake the parent.
"""

import ast
import functools
import gc
import json
import marshal
import os
import random
import resource
import signal
import sys
import threading
import types
from collections.abc import Callable

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

CHANNEL, FILE = 3, 4  # descriptors
SPENT = 3  # exit status of a child whose step has used its CPU seconds
REHEARSALS = 10  # code is specialised after eight calls
KEPT, RUNS = (
    8,
    8,
)  # setups that the zygote has modules for; of each as many as a child may need: for ground truth and seven trials
ROOM = 4  # a child goes on to the next task only while it uses less than this part of its memory


ready: dict[
    bytes, list[types.ModuleType]
] = {}  # a setup that only binds names -> modules in which it has run, each good for one run of a program


def prepare(setup: bytes) -> None:
    """In the zygote, with a setup that only binds names (setups.py): what star imports bind, some 500 names, is then bound before the fork, and no child copies
    the pages that these objects stand on."""
    if setup and setup not in ready:
        modules = [types.ModuleType("solution") for _ in range(RUNS)]
        try:
            for module in modules:
                exec(marshal.loads(setup), vars(module))
        except Exception:  # a child meets it again, and says so
            modules = []
        if len(ready) == KEPT:
            ready.clear()
            gc.unfreeze()
            gc.collect()
        ready[setup] = modules
        gc.freeze()  # what gc tracks in a child is then of its own making: see find_tests


def serve() -> None:
    """Answer the one request and leave, without running what the program registered for its exit."""
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


SAMPLE = """class Solution:
    def double(self, n: int, a: List[int] = [], b: List[List[int]] = [], c: Optional[List[int]] = None, d: Dict[int, int] = {}) -> List[str]:
        return 2 * n

def run_tests():
    assert Solution().double(2) == 4
"""


def rehearse() -> None:
    """Run a program of our own as a child runs its program. What the interpreter writes down on the way (specialised code, type
    look-ups) is then there before the forks, and no child copies the pages that it stands on."""
    main, null = sys.modules["__main__"], os.open("/dev/null", os.O_WRONLY)
    request = {
        "setup": marshal.dumps(compile("from typing import *", "<setup>", "exec")),
        "program": SAMPLE,
        "method": "double",
    }
    calls = [marshal.dumps({"n": 2}), marshal.dumps({"n": None})]
    request |= {
        "test_name": "run_tests",
        "calls": calls,
        "asks": True,
        "module_s": 60.0,
        "call_s": 60.0,
    }
    rest = {
        "canonical": SAMPLE,
        "truth": [],
        "stand_ins": ["own", *STAND_INS],
        "scripts": ["defines", "hint", "canonical", "arbitrary"],
    }
    for _ in range(REHEARSALS):
        run(marshal.loads(marshal.dumps(request)), functools.partial(write, null), lambda: rest)
    step(0)
    random.seed(0)  # the same response gets the same label every time
    os.close(null)
    sys.modules["__main__"] = main
    del sys.modules["solution"]


def limit_steps() -> None:
    """In the zygote: a child inherits what ends it when step(seconds), its CPU seconds for a step, has run out. A program can get out of this by what it does to
    signals: then the zygote's clock ends it, or the parent's. It is what keeps a plain loop from costing as much as a slow solution may take for all its calls together."""
    signal.signal(signal.SIGPROF, lambda *_, leave=os._exit: leave(SPENT))


step = functools.partial(signal.setitimer, signal.ITIMER_PROF)
encode = json.encoder.c_make_encoder(
    None, None, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True
)  # what json.dumps makes anew each time


def write(file: int, frame: dict) -> None:
    text = "".join(encode(frame, 0)).encode()
    data = len(text).to_bytes(4, sys.byteorder) + text
    while data:
        data = data[os.write(file, data) :]


def run(request: dict, send: Callable[[dict], None], the_rest: Callable[[], dict]) -> None:
    try:
        program = compile(request["program"], "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return send({"compiles": False})
    send({"compiles": True})
    if "calls" in request:
        if not solve(request, program, send) or not request["asks"]:
            return
        request = {**request, **the_rest()}
    if request["stand_ins"]:
        tree = ast.parse(request["program"])
        hook_methods(tree.body, request["method"])
        program = compile(ast.fix_missing_locations(tree), "<program>", "exec", dont_inherit=True)
    for stand_in in request["stand_ins"]:
        if not fit():
            return
        step(request["module_s"])
        said = test(request, program, stand_in)
        send({"trial": stand_in, **said})
        if stand_in == "truthy" and not said["called"] and said["outcome"] != "raised":
            break  # no stand-in can change what it does
    parts = compat.scripts(request) if request["scripts"] else {}
    for script in request["scripts"]:
        if not fit():
            return
        send(
            {
                "script": script,
                "passes": compat.passes(
                    request["setup"], *parts[script], functools.partial(step, request["module_s"])
                ),
            }
        )


def fit() -> bool:
    """Whether what ran so far left this process as good as new: no thread, and memory to spare."""
    used, limit = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
        resource.getrlimit(resource.RLIMIT_AS)[0],
    )
    return threading.active_count() == 1 and used * ROOM < limit


def import_program(request: dict, program, state: State) -> dict:
    """The globals of the program, freshly run. Raises what the program raises."""
    namespace = new_module(request["setup"], state)
    exec(program, namespace)
    return namespace


def test(request: dict, program, stand_in: str) -> dict:
    """What the test function, of a module run for it alone, does with one stand-in."""
    state = State()
    try:
        random.seed(0)  # as the zygote has it for the first run
        namespace = import_program(request, program, state)
        if stand_in != "own":
            state.stand_in = STAND_INS[stand_in](state, request)
            hook_the_rest(namespace, request["method"], state)
        _, tests = find_tests(namespace, request)
    except BaseException:  # a program may raise what it likes, SystemExit and KeyboardInterrupt too
        return {"outcome": "raised", "called": 0, "examined": False}
    return run_tests(tests, state)


def new_module(setup: bytes, state: State) -> dict:
    """The program's globals, the problem's setup run in them. __name__ is not "__main__", so that `if __name__` blocks rest; unittest still finds its
    module."""
    prepared = bool(ready.get(setup))
    module = ready[setup].pop() if prepared else types.ModuleType("solution")
    sys.modules["solution"] = sys.modules["__main__"] = module
    sys.argv = ["solution"]
    vars(module).update(
        {
            HOOK_METHOD: functools.partial(hook, state, True),
            HOOK_FUNCTION: functools.partial(hook, state, False),
        }
    )
    if not prepared:
        exec(marshal.loads(setup), vars(module))
    return vars(module)


# --- solving: call the method, say what came back


def solve(request: dict, program, send: Callable[[dict], None]) -> bool:
    """Each call gets arguments of its own, unpacked just before it, and its result is written down before the next
    call. Returns whether the module has a test function."""
    step(request["module_s"])
    try:
        namespace = import_program(request, program, State())
        placement = find_tests(namespace, request)[0]
    except BaseException as error:  # as above
        send({"raised": type(error).__name__})
        return False
    send({"placement": placement})
    for arguments in request["calls"]:
        step(request["call_s"])
        try:
            result = getattr(namespace["Solution"](), request["method"])(**marshal.loads(arguments))
            frame = (
                {"value": plain(result), "odd": True} if odd(result) else {"value": plain(result)}
            )
        except BaseException as error:  # as above
            frame = {"raised": type(error).__name__}
        send(frame)
    return placement != "none"
