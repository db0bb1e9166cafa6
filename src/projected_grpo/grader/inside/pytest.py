"""What test functions use of pytest, which is not in the sandbox: approx, raises, marks, main.

Runs in the sandbox. Ours, and no more than the names below; the rest is an AttributeError.
"""

import contextlib
import itertools
import math
import re
import sys
from types import SimpleNamespace


class Failed(BaseException):
    pass


class Skipped(BaseException):
    pass


def fail(reason: str = "", pytrace: bool = True):
    raise Failed(reason)


def skip(reason: str = "", **_):
    raise Skipped(reason)


class approx:
    """Equal within a relative tolerance of 1e-6 or an absolute one of 1e-12, unless given."""

    # Whatever stands on the other side of == leaves it to this.
    __hash__ = None

    def __init__(self, expected, rel=None, abs=None, nan_ok: bool = False) -> None:
        self.expected = expected
        self.rel = rel
        self.abs = abs
        self.nan_ok = nan_ok

    def __eq__(self, actual) -> bool:
        expected = self.expected
        if isinstance(expected, dict):
            return self.same_keys(actual) and all(self.at(expected[k], actual[k]) for k in expected)
        if isinstance(expected, (list, tuple)):
            # As pytest has it, a tuple may equal a list.
            same_length = hasattr(actual, "__len__") and len(actual) == len(expected)
            return same_length and all(map(self.at, expected, actual))
        if isinstance(expected, bool) or not isinstance(expected, (int, float, complex)):
            return actual == expected
        if isinstance(actual, bool) or not isinstance(actual, (int, float, complex)):
            return actual == expected
        return self.near(expected, actual)

    def __ne__(self, actual) -> bool:
        return not self == actual

    def __repr__(self) -> str:
        return f"approx({self.expected!r})"

    def same_keys(self, actual) -> bool:
        return isinstance(actual, dict) and actual.keys() == self.expected.keys()

    def at(self, expected, actual) -> bool:
        return approx(expected, self.rel, self.abs, self.nan_ok) == actual

    def near(self, expected, actual) -> bool:
        if expected == actual:
            return True
        if expected != expected:
            return self.nan_ok and actual != actual
        if not math.isfinite(abs(expected)):
            return False
        absolute = 1e-12 if self.abs is None else self.abs
        only_absolute = self.rel is None and self.abs is not None
        relative = 1e-6 if self.rel is None else self.rel
        relative = 0.0 if only_absolute else relative * abs(expected)
        return abs(expected - actual) <= max(relative, absolute)


@contextlib.contextmanager
def expected_to_raise(kinds, match):
    info = SimpleNamespace(value=None, type=None)
    try:
        yield info
    except kinds as error:
        info.value, info.type = error, type(error)
        if match is not None and not re.search(match, str(error)):
            raise AssertionError(f"{match!r} does not match {str(error)!r}") from error
        return
    raise Failed(f"DID NOT RAISE {kinds}")


def raises(kinds, *function_and_arguments, match=None, **keywords):
    """A context, or, with a function and its arguments, the call of it in such a context."""
    context = expected_to_raise(kinds, match)
    if not function_and_arguments:
        return context
    function, *arguments = function_and_arguments
    with context as info:
        function(*arguments, **keywords)
    return info


class Marks:
    """pytest.mark: a mark is kept and does nothing but parametrize."""

    def __getattr__(self, name: str):
        def mark(*arguments, **_):
            if len(arguments) == 1 and callable(arguments[0]):
                return arguments[0]
            return lambda function: self.marked(name, arguments, function)

        return mark

    @staticmethod
    def marked(name: str, arguments: tuple, function):
        if name == "parametrize":
            function.cases = [cases_of(*arguments[:2]), *getattr(function, "cases", [])]
        return function


mark = Marks()


class Param(tuple):
    """The values of one case."""


def param(*values, **_):
    return Param(values)


def cases_of(names, values) -> list[dict]:
    is_one = isinstance(names, str) and "," not in names
    names = names.replace(",", " ").split() if isinstance(names, str) else list(names)
    rows = [[value] if is_one and not isinstance(value, Param) else value for value in values]
    return [dict(zip(names, row)) for row in rows]


def fixture(function=None, **_):
    if function is None:
        return fixture
    function.is_fixture = True
    return function


def main(*_, **__) -> int:
    """Run the tests of the program: 0 if all pass, 1 if one fails, 5 if there are none."""
    names = vars(sys.modules["solution"])
    tests = [(name, value) for name, value in list(names.items()) if callable(value)]
    found = [value for name, value in tests if name.startswith("test") and not is_class(value)]
    for name, value in tests:
        if name.startswith("Test") and is_class(value):
            found += [getattr(value(), key) for key in dir(value) if key.startswith("test")]
    fixtures = {name: value for name, value in tests if hasattr(value, "is_fixture")}
    for test in found:
        for case in itertools.product(*getattr(test, "cases", [])):
            keywords = {key: value for row in case for key, value in row.items()}
            wanted = test.__code__.co_varnames[: test.__code__.co_argcount]
            keywords |= {key: fixtures[key]() for key in wanted if key in fixtures}
            try:
                test(**keywords)
            except Skipped:
                continue
            except (Exception, Failed):
                return 1
    return 0 if found else 5


def is_class(value) -> bool:
    return isinstance(value, type)
