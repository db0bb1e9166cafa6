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
from stand_ins import STAND_INS
from steps import step, write

# Code is specialised after eight calls.
REHEARSALS = 10

SETUP = "from typing import *"
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
    assert Solution().double(2) == 4
"""


def rehearse() -> None:
    main = sys.modules["__main__"]
    null = os.open("/dev/null", os.O_WRONLY)
    request = {
        "setup": marshal.dumps(compile(SETUP, "<setup>", "exec")),
        "compat_setup": marshal.dumps(compile(SETUP, "<setup>", "exec")),
        "program": SAMPLE,
        "method": "double",
        "test_name": "run_tests",
        "calls": [marshal.dumps([2]), marshal.dumps([None])],
        "has_rest": True,
        "module_s": 60.0,
        "call_s": 60.0,
    }
    rest = {
        "canonical": SAMPLE,
        "checker": "equal",
        "truth": [],
        "trials": ["own", *STAND_INS],
        "hasty": False,
        "scripts": ["defines", "hint", "canonical", "arbitrary"],
    }
    for _ in range(REHEARSALS):
        run(marshal.loads(marshal.dumps(request)), functools.partial(write, null), lambda: rest)
    step(0)
    # The same response gets the same label every time.
    random.seed(0)
    os.close(null)
    sys.modules["__main__"] = main
    # See compat.without_packages.
    for name in ("solution", "pytest"):
        del sys.modules[name]
