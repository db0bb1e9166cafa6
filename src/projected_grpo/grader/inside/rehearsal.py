"""A program of our own, run in the zygote as a child runs its program. Runs in the sandbox.

What the interpreter writes down on the way (specialised code, type look-ups) is then there before
the forks, and no child copies the pages that it stands on.
"""

import functools
import marshal
import os
import random
import sys

from child import run
from rules import SCRIPTS
from stand_ins import STAND_INS
from steps import step, write

# Code is specialised after eight calls.
REHEARSALS = 16

SETUP = marshal.dumps(compile("from typing import *", "<setup>", "exec"))
SAMPLE = """class Solution:
    def double(
        self,
        n: int,
        a: List[int] = [],
        b: List[List[int]] = [],
        c: Optional[List[int]] = None,
        d: Dict[int, int] = {},
    ) -> List[str]:
        return 2 * n

def run_tests():
"""
# The first makes short work of trials, the second of scripts.
TESTS = ("    assert Solution().double(2) == 4\n", "    print(Solution().double(2))\n")


def rehearse() -> None:
    main = sys.modules["__main__"]
    null = os.open("/dev/null", os.O_WRONLY)
    request = {
        "setup": SETUP,
        "method": "double",
        "test_name": "run_tests",
        "calls": [marshal.dumps([2]), marshal.dumps([None])],
        "asks": True,
        "doubtful": False,
        "module_s": 60.0,
        "call_s": 60.0,
    }
    hidden = {"calls": [marshal.dumps([3])], "call_s": 60.0, "recursion": 20_000}
    canonical = SAMPLE + TESTS[0]
    rest = {
        "compat_setup": SETUP,
        "canonical": canonical,
        "canonical_code": marshal.dumps(compile(canonical, "<canonical>", "exec")),
        "checker": "equal",
        "truth": [],
        "trials": ["own", *STAND_INS],
        "hasty": False,
        "scripts": SCRIPTS,
    }
    for i in range(REHEARSALS):
        program = {"program": SAMPLE + TESTS[i % 2]}
        passed = {"passed": {"truth": i % 2 == 0}}
        messages = iter([hidden, {**rest, **passed}])
        sent = marshal.loads(marshal.dumps({**request, **program}))
        run(sent, functools.partial(write, null), functools.partial(next, messages))
    step(0)
    # The same response gets the same label every time.
    random.seed(0)
    os.close(null)
    sys.modules["__main__"] = main
    # See compat.without_packages.
    for name in ("solution", "pytest"):
        del sys.modules[name]
