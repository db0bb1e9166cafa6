"""Compare what a sandboxed program sent with the expected value, in the parent, on plain data.

The sent value (see inside/encode.py) is parsed JSON with tags: a list is a list, {"t"} a tuple,
{"s"} a set, {"d"} a dict as pairs, {"i"} a large int in hex, {"x"} anything that is no builtin
value. The comparison walks the *expected* value, so its cost is bounded by data of ours, and a
forged answer can be wrong but not slow.

Equality is Python's == between builtins: 1 == 1.0 == True, NaN equals nothing. Where a list is
expected a tuple or a dict's view (which is sent as one) counts too, as on the sites; by == alone it
does not. A subclass counts as the builtin it holds (a Counter is a dict), and no __eq__ of the
program's is ever called.

Where other answers are right too, plain() makes of a sent value what the problem's checker may look
at.
"""

SCALARS = (type(None), bool, int, float, str)
HEX_DIGITS = 1 << 20
# No answer that a checker takes is nested deeper, or holds a larger number.
DEPTH = 8
LARGEST = 1 << 512


def matches(expected: object, sent: object) -> bool:
    """Whether the sent value is the expected one."""
    if isinstance(sent, dict):
        return len(sent) == 1 and tagged(expected, *next(iter(sent.items())))
    if isinstance(sent, list):
        return isinstance(expected, list) and each(expected, sent)
    return isinstance(expected, SCALARS) and expected == sent


def has_tuple(sent: object) -> bool:
    """Whether a tuple or a view stands in a sent value, one that matched something of ours."""
    if isinstance(sent, dict):
        return "t" in sent or any(map(has_tuple, sent.values()))
    return isinstance(sent, list) and any(map(has_tuple, sent))


def plain(sent: object, most: int) -> object:
    """A sent value as lists, ints, floats, bools and strings; None for all else in it.

    A tuple is a list, and a whole float the int that it equals. most: how many items may stand in
    all lists together; what is beyond them is None too.
    """
    left = most

    def down(sent: object, depth: int) -> object:
        nonlocal left
        if isinstance(sent, dict) and len(sent) == 1:
            tag, inner = next(iter(sent.items()))
            if tag == "i":
                sent = large_int(inner)
            elif tag == "t" and isinstance(inner, list):
                sent = inner
        if isinstance(sent, list):
            left -= len(sent)
            return [down(item, depth - 1) for item in sent] if depth and left >= 0 else None
        if isinstance(sent, float) and sent.is_integer() and abs(sent) < LARGEST:
            sent = int(sent)
        is_number = isinstance(sent, int) and abs(sent) < LARGEST
        return sent if is_number or isinstance(sent, (float, str)) else None

    return down(sent, DEPTH)


def size(expected: object) -> int:
    """How many items stand in an expected value's lists."""
    if not isinstance(expected, list):
        return 0
    return len(expected) + sum(map(size, expected))


def tagged(expected: object, tag: str, sent: object) -> bool:
    if tag == "i":
        return isinstance(expected, (int, float)) and large_int(sent) == expected
    if not isinstance(sent, list):
        return False
    if tag == "t":
        return isinstance(expected, (list, tuple)) and each(expected, sent)
    if tag == "s":
        return isinstance(expected, (set, frozenset)) and one_to_one(expected, sent)
    if tag == "d":
        return isinstance(expected, dict) and items_match(expected, sent)
    return False


def each(expected: list | tuple, sent: list) -> bool:
    return len(expected) == len(sent) and all(map(matches, expected, sent))


def items_match(expected: dict, sent: list) -> bool:
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in sent):
        return False
    keys = [key for key, _ in sent]
    if not one_to_one(expected, keys):
        return False
    return all(matches(expected[frozen(key)], value) for key, value in sent)


def one_to_one(expected: set | frozenset | dict, sent: list) -> bool:
    """Whether the sent keys are the expected ones, each once.

    Only expected keys ever enter a hash table.
    """
    if len(sent) != len(expected):
        return False
    keys = [frozen(key) for key in sent]
    return all(key in expected for key in keys) and len(set(keys)) == len(expected)


def frozen(sent: object, depth: int = 20) -> object:
    """A sent key or set element as a hashable value, or NOTHING where no expected key can be so."""
    if isinstance(sent, dict) and len(sent) == 1:
        tag, inner = next(iter(sent.items()))
        if tag == "i":
            return large_int(inner)
        if tag == "t" and isinstance(inner, list) and depth:
            return tuple(frozen(item, depth - 1) for item in inner)
    return NOTHING if isinstance(sent, (list, dict)) else sent


NOTHING = object()


def large_int(text: object) -> object:
    """The int of a hex string, which takes linear time, or what equals nothing."""
    if not isinstance(text, str) or len(text) > HEX_DIGITS:
        return NOTHING
    try:
        return int(text, 16)
    except ValueError:
        return NOTHING
