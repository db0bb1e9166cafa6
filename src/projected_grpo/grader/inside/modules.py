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
# The same for the benchmark's scripts.
BARE_RUNS = 3

# A setup -> modules in which it has run, each good for one run of a program.
ready: dict[bytes, list[types.ModuleType]] = {}
# The benchmark's setup -> globals in which it has run.
bare_ready: dict[bytes, list[dict]] = {}


def prepare(setups: bytes) -> None:
    """In the zygote. setups: a problem's two, each marshalled code that only binds names, as a
    marshalled pair; or nothing."""
    if not setups:
        return
    setup, bare_setup = marshal.loads(setups)
    if setup in ready and bare_setup in bare_ready:
        return
    if len(ready) == MOST_SETUPS:
        ready.clear()
        bare_ready.clear()
        gc.unfreeze()
        gc.collect()
    modules = [types.ModuleType("solution") for _ in range(RUNS)]
    bare_globals: list[dict] = [{} for _ in range(BARE_RUNS)]
    is_ready = all([run_ahead(setup, vars(module)) for module in modules])
    ready[setup] = modules if is_ready else []
    is_ready = all([run_ahead(bare_setup, namespace) for namespace in bare_globals])
    bare_ready[bare_setup] = bare_globals if is_ready else []
    # What gc tracks in a child is then of its own making: see own_tests.find_tests.
    gc.freeze()


def run_ahead(setup: bytes, namespace: dict) -> bool:
    """Whether it ran. A child meets again what it raises, and reports it."""
    try:
        exec(marshal.loads(setup), namespace)
    except Exception:
        return False
    return True


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


def bare(setup: bytes) -> dict:
    """Globals in which nothing but the benchmark's setup has run."""
    if bare_ready.get(setup):
        return bare_ready[setup].pop()
    namespace: dict = {}
    exec(marshal.loads(setup), namespace)
    return namespace


def apart(setup: bytes, name: str) -> dict:
    """Globals of this __name__, the setup run in them, of a module that nobody can import."""
    prepared = prepared_module(setup)
    namespace = {} if prepared is None else vars(prepared)
    namespace["__name__"] = name
    if prepared is None:
        exec(marshal.loads(setup), namespace)
    return namespace
