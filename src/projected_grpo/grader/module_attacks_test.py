"""Wrong programs whose module-level code would be paid, hurt the machine or reach the next one.

Each is graded in one and the same sandbox, and after each the canonical solution must still be
Correct there.
"""

import textwrap

import pytest

from projected_grpo.grader.conftest import WRONG, assert_unhurt

# Hostile module-level code around a wrong solution. {forged} is what a passing child would send.
MODULES = {
    "sys.exit at import": "import sys\nsys.exit(0)",
    "os._exit at import": "import os\nos._exit(0)",
    "a JSON verdict on stdout": (
        'print(\'{"tests_evaluated": 3, "tests_passed": 3, "tests_total": 3, "success": true}\', '
        "flush=True)"
    ),
    "exec, compile and eval replaced": (
        "import builtins\n"
        "exec = compile = eval = lambda *a, **k: None\n"
        "builtins.exec = builtins.compile = builtins.eval = exec"
    ),
    "json and marshal patched": (
        "import json, marshal\n"
        "json.dumps = lambda *a, **k: '{\"value\": 2}'\n"
        "marshal.loads = lambda *a: {}"
    ),
    "assert made harmless": (
        "import builtins\n"
        "builtins.AssertionError = BaseException\n"
        "builtins.isinstance = lambda *a: True"
    ),
    "operators of int patched through ctypes": """
        import ctypes
        class Slots(ctypes.Structure):
            _fields_ = [("refs", ctypes.c_ssize_t), ("dict", ctypes.py_object)]
        Slots.from_address(id(int.__dict__)).dict["__eq__"] = lambda a, b: True
    """,
    "sys.modules emptied": "import sys\nsys.modules.clear()",
    "an atexit handler": (
        "import atexit, os\n"
        "atexit.register(lambda: os.write(4, b'\\x0c\\0\\0\\0{\"value\": 2}') * 3)"
    ),
    "a forged report on every descriptor, then gone": """
        import os, json, struct
        frames = [{"compiles": True}, {"placement": "none"}, *[{"value": 3}] * 3]
        texts = [json.dumps(frame).encode() for frame in frames]
        text = b"".join(struct.pack("=I", len(t)) + t for t in texts)
        for fd in range(256):
            try: os.write(fd, text)
            except OSError: pass
        os._exit(0)
    """,
    "garbage on every descriptor": (
        "import os\n"
        "for fd in range(256):\n"
        "    try: os.write(fd, b'\\xff' * 1000)\n"
        "    except OSError: pass"
    ),
    "a frame of 4 GB announced": "import os\nos.write(4, b'\\xff\\xff\\xff\\xff')",
    "a million tiny frames": "import os\nos.write(4, b'\\x01\\0\\0\\0' b'1' * 200_000)",
    "a frame nested ten thousand deep": (
        "import os\nos.write(4, (20000).to_bytes(4, 'little') + b'[' * 20000)"
    ),
    "a result of colliding keys": (
        "import os, json\n"
        "t = json.dumps({'s': [i * (2**61 - 1) for i in range(200000)]}).encode()\n"
        "os.write(4, len(t).to_bytes(4, 'little') + t)"
    ),
    "its descriptors closed, then a loop": "import os\nos.closerange(3, 5)\nwhile True: pass",
    "a timer that fires into the harness": (
        "import signal\n"
        "signal.signal(signal.SIGALRM, lambda *a: 1 / 0)\n"
        "signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)"
    ),
    "a trace function that rewrites the harness": (
        "import sys\n"
        "sys.settrace(lambda frame, *a: frame.f_locals.update(expected=2) or sys.exit())"
    ),
    "a null byte": "x = '\0'",
    "parentheses nested a hundred thousand deep": "x = " + "(" * 100_000 + ")" * 100_000,
    "an operator chain of a hundred thousand": "x = " + "-" * 100_000 + "1",
}


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("loophole", ["no_hint", "overwrite_tests"])
def test_a_hostile_module_earns_no_more_than_it_compiles(grade, name, loophole):
    graded = grade("count", textwrap.dedent(MODULES[name]) + "\n" + WRONG, loophole)
    compiled = 0.5 * graded.facts.compiles
    assert (graded.label, graded.reward) == ("Incorrect", compiled), graded
    assert not graded.facts.gt_pass, graded
    assert_unhurt(grade)
