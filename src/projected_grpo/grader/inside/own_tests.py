"""The response's own test function: where it is, and what calling it comes to. In the sandbox."""

import builtins
import functools
import gc
import types

from hooks import State

# A module that fails under a stand-in has no test function to run; a test function cannot run where
# what it imports is not there.
UNRUN = {"outcome": "unrun", "called": 0, "imported": 0, "examined": False}


def find_tests(namespace: dict, request: dict):
    """(placement, how to call it).

    The test function that the name means in the module comes first, then Solution's method of that
    name, then that of another class.
    """
    name = request["test_name"]
    function = namespace.get(name, vars(builtins).get(name))
    if callable(function):
        is_plain = name in namespace and isinstance(function, types.FunctionType)
        return ("function" if is_plain else "other"), function
    solution = namespace.get("Solution")
    if has_method(solution, name):
        return "method", functools.partial(call_method, solution, name)
    # Reading a value of the namespace copies the page it stands on, so it is done only where it can
    # help. A class that stood there before the program can have got the function only from a
    # program that names it.
    if name in request["program"] or made_a_class_beside(solution):
        for value in list(namespace.values()):
            if isinstance(value, type) and value.__module__ == "solution":
                if has_method(value, name):
                    return "other", functools.partial(call_method, value, name)
    return "none", None


def has_method(owner, name: str) -> bool:
    return isinstance(owner, type) and hasattr(owner, name)


def call_method(owner: type, name: str):
    return getattr(owner(), name)()


def made_a_class_beside(solution) -> bool:
    """Whether the program made one more. gc knows what was made since the fork."""
    return any(
        issubclass(type(thing), type) and thing is not solution for thing in gc.get_objects()
    )


def run_tests(tests, state: State) -> dict:
    """outcome: returned; exited (SystemExit that reports success, as unittest.main's); raised."""
    state.testing = True
    try:
        tests()
        outcome = "returned"
    except ModuleNotFoundError:
        return UNRUN
    except SystemExit as error:
        outcome = "raised" if error.code else "exited"
    # The response's own tests may raise what they like, KeyboardInterrupt too.
    except BaseException:
        outcome = "raised"
    return {
        "outcome": outcome,
        "called": state.called,
        "imported": state.imported,
        "examined": state.examined,
        "crashed": state.crashed,
    }
