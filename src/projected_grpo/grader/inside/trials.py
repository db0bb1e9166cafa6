"""The response's own tests with stand-ins for its solution, each in a module run anew.

Runs in the sandbox, standard library only. What a trial tells is the parent's to judge (labels.py).
"""

import ast
import random
import sys
from collections.abc import Callable

import parts
from hooks import HOOK, State, hook_methods, hook_the_rest
from modules import import_program
from own_tests import UNRUN, find_tests, run_tests
from rules import trial_tells
from stand_ins import STAND_INS
from steps import fit, step

# What compiles nests no deeper, while ast walks it a frame a level.
NESTED = 4000


def try_tests(request: dict, program, tree, send: Callable[[dict], None]) -> bool:
    """Run each trial, and report it. Returns whether the process came through them fit.

    tree: the program's, which gets hooks, or None.
    """
    # In this code a stand-in can answer in the solution's place.
    recursion = sys.getrecursionlimit()
    sys.setrecursionlimit(NESTED)
    tree = tree or ast.parse(request["program"])
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
    outcomes = {name: report["outcome"] for name, report in reports.items()}
    if way == "" and not trial_tells(stand_in, outcomes):
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
