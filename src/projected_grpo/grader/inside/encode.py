"""A result as JSON-ready data of builtin types. Runs in the sandbox.

values.py compares what this makes, in the parent.
"""

from collections import OrderedDict

# Nesting beyond which a result is no value of builtin types.
DEPTH = 100
EXACT_INT = 1 << 53
CONTAINERS = {list, tuple, set, frozenset}
VIEWS = tuple(
    type(getattr(kind(), view)())
    for kind in (dict, OrderedDict)
    for view in ("keys", "values", "items")
)
BUILTINS = {*CONTAINERS, dict, int, float, str, bool, type(None)}


def encoded(value, depth: int = 0):
    """A builtin value as JSON, with tags for what JSON lacks.

    A subclass counts as the builtin it holds, a dict's view as a tuple. All else is {"x"}.
    """
    if depth > DEPTH:
        return {"x": "too deep"}
    down = depth + 1
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        value = int.__index__(value)
        return value if -EXACT_INT < value < EXACT_INT else {"i": hex(value)}
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list):
        return [encoded(item, down) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return {"t": [encoded(item, down) for item in tuple.__iter__(value)]}
    if isinstance(value, VIEWS):
        return {"t": [encoded(item, down) for item in value]}
    if isinstance(value, (set, frozenset)):
        base = set if isinstance(value, set) else frozenset
        return {"s": [encoded(item, down) for item in base.__iter__(value)]}
    if isinstance(value, dict):
        return {"d": [[encoded(k, down), encoded(v, down)] for k, v in dict.items(value)]}
    return {"x": type(value).__name__}


def odd(value, depth: int = 0) -> bool:
    """Whether a result, or a part of it, is of no builtin type, so that its == may be the
    program's."""
    if depth > DEPTH or type(value) not in BUILTINS:
        return True
    items = ()
    if type(value) is dict:
        items = (*value, *value.values())
    elif type(value) in CONTAINERS:
        items = value
    return any(odd(item, depth + 1) for item in items)
