"""A result as JSON-ready plain data. Runs in the sandbox; values.py compares what it makes, in the parent."""

DEPTH = 100  # nesting beyond which a result is no plain value
EXACT_INT = 1 << 53
CONTAINERS = {list, tuple, set, frozenset}
BUILTINS = {*CONTAINERS, dict, int, float, str, bool, type(None)}


def plain(value, depth: int = 0):
    """A builtin value as JSON, with tags for what JSON lacks; a subclass counts as the builtin it holds; all else is
    {"x"}."""
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
        return [plain(item, down) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return {"t": [plain(item, down) for item in tuple.__iter__(value)]}
    if isinstance(value, (set, frozenset)):
        kind = set if isinstance(value, set) else frozenset
        return {"s": [plain(item, down) for item in kind.__iter__(value)]}
    if isinstance(value, dict):
        return {"d": [[plain(k, down), plain(v, down)] for k, v in dict.items(value)]}
    return {"x": type(value).__name__}


def odd(value, depth: int = 0) -> bool:
    """Whether a result, or a part of it, is of another type than a plain builtin, so that its == may be the program's."""
    if depth > DEPTH or type(value) not in BUILTINS:
        return True
    items = (
        (*value, *value.values())
        if type(value) is dict
        else value
        if type(value) in CONTAINERS
        else ()
    )
    return any(odd(item, depth + 1) for item in items)
