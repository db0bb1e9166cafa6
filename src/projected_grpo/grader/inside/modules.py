"""The module that a program runs in, with its problem's setup run before. Runs in the sandbox.

A setup that only binds names (setups.py) is run by the zygote. What star imports bind, some 500
names, is then bound before the fork, and no child copies the pages that these objects stand on.
"""

import gc
import marshal
import sys
import types

# Setups that the zygote has modules for, and of each as many modules as a child may need: for the
# ground truth, seven trials, and the canonical solution in two of these.
MOST_SETUPS = 8
RUNS = 10

# A setup -> modules in which it has run, each good for one run of a program.
ready: dict[bytes, list[types.ModuleType]] = {}


def prepare(setup: bytes) -> None:
    """In the zygote, with marshalled code that only binds names, or nothing."""
    if setup and setup not in ready:
        modules = [types.ModuleType("solution") for _ in range(RUNS)]
        try:
            for module in modules:
                exec(marshal.loads(setup), vars(module))
        except Exception:
            # A child meets it again, and reports it.
            modules = []
        if len(ready) == MOST_SETUPS:
            ready.clear()
            gc.unfreeze()
            gc.collect()
        ready[setup] = modules
        # What gc tracks in a child is then of its own making: see own_tests.find_tests.
        gc.freeze()


def import_program(request: dict, program, hooks: dict) -> dict:
    """The globals of the program, freshly run, hooks among them. Raises what the program raises."""
    namespace = new_module(request["setup"], hooks)
    exec(program, namespace)
    return namespace


def new_module(setup: bytes, hooks: dict) -> dict:
    """The program's globals, the problem's setup run in them.

    __name__ is not "__main__", so that `if __name__` blocks rest. unittest still finds its module.
    """
    prepared = prepared_module(setup)
    module = prepared or types.ModuleType("solution")
    sys.modules["solution"] = sys.modules["__main__"] = module
    sys.argv = ["solution"]
    vars(module).update(hooks)
    if prepared is None:
        exec(marshal.loads(setup), vars(module))
    return vars(module)


def prepared_module(setup: bytes) -> types.ModuleType | None:
    """One in which the setup has run, while there is one."""
    return ready[setup].pop() if ready.get(setup) else None


def apart(setup: bytes, name: str) -> dict:
    """Globals of this __name__, the setup run in them, of a module that nobody can import."""
    prepared = prepared_module(setup)
    namespace = {} if prepared is None else vars(prepared)
    namespace["__name__"] = name
    if prepared is None:
        exec(marshal.loads(setup), namespace)
    return namespace
