"""What answers in the solution's place while the response's own tests run. Runs in the sandbox."""

import copy
import inspect
import marshal
import math

from modules import apart
from right_answers import CHECKERS


def sentinel(state, truth: bool, equal: bool = False):
    """A result equal to nothing, or to everything, that notes being looked at.

    Printing it is not looking.
    """

    def note(answer):
        def look(self, *others):
            state.examined = True
            return answer

        return look

    class Result:
        __eq__ = note(equal)
        __ne__ = note(not equal)
        __bool__ = note(truth)
        __hash__ = object.__hash__

        def __format__(self, _spec):
            return "result"

    return Result()


class Canonical:
    """The canonical solution, of a class made for it alone. parameters: the statement's."""

    def __init__(self, state, request: dict) -> None:
        namespace = apart(request["setup"], "canonical")
        exec(marshal.loads(request["canonical_code"]), namespace)
        self.state = state
        self.make = namespace["Solution"]
        self.method = request["method"]
        code = inspect.unwrap(getattr(self.make, self.method)).__code__
        self.parameters = code.co_varnames[1 : code.co_argcount]

    def __call__(self, arguments: tuple, keywords: dict):
        # The response's solution may have more parameters, with defaults.
        arguments = arguments[: len(self.parameters)]
        try:
            return getattr(self.make(), self.method)(*arguments, **keywords)
        except Exception:
            # It was called as it should be, on what it cannot answer.
            is_full = len(arguments) + len(keywords) == len(self.parameters)
            self.state.crashed |= is_full
            raise


def perturbed(state, request: dict):
    right = Canonical(state, request)
    if request["checker"] == "equal":
        return lambda arguments, keywords: near_miss(right(arguments, keywords))
    check = CHECKERS[request["checker"]]

    def answer(arguments, keywords):
        """The nearest answer that is wrong."""
        given = dict(zip(right.parameters, copy.deepcopy(arguments))) | copy.deepcopy(keywords)
        value = right(arguments, keywords)
        wrong = (miss for miss in near_misses(value) if not check(miss, value, given))
        return next(wrong, None)

    return answer


def near_misses(value):
    """near_miss, and others for problems with several right answers, of which it may be one."""
    yield near_miss(value)
    if isinstance(value, list):
        for i in reversed(range(len(value))):
            yield [*value[:i], near_miss(value[i]), *value[i + 1 :]]
    if isinstance(value, (list, str)):
        yield value[:-1]
        yield value + value[-1:]


def near_miss(value):
    """Another value of the same type and length, where there is one: wrong, but not by its looks.

    A number's step is more than what counts as rounding.
    """
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + max(1, abs(value) // 1000)
    if isinstance(value, float):
        return value + max(1.0, abs(value) / 1000) if math.isfinite(value) else 0.0
    if isinstance(value, str):
        return (value[:-1] + chr(ord(value[-1]) ^ 1)) if value else "a"
    if isinstance(value, (list, tuple)):
        return type(value)([*value[:-1], near_miss(value[-1])] if value else [0])
    if isinstance(value, dict):
        if not value:
            return {0: 0}
        key, last = list(value.items())[-1]
        return {**value, key: near_miss(last)}
    if isinstance(value, (set, frozenset)):
        return value ^ {0}
    return 0


def truthy(state, request: dict):
    result = sentinel(state, True)
    return lambda arguments, keywords: result


def falsy(state, request: dict):
    result = sentinel(state, False)
    return lambda arguments, keywords: result


def equal(state, request: dict):
    result = sentinel(state, True, equal=True)
    return lambda arguments, keywords: result


def none(state, request: dict):
    return lambda arguments, keywords: None


def raises(state, request: dict):
    def answer(arguments, keywords):
        raise RuntimeError("a solution that fails")

    return answer


STAND_INS = {
    "canonical": Canonical,
    "perturbed": perturbed,
    "truthy": truthy,
    "falsy": falsy,
    "equal": equal,
    "none": none,
    "raises": raises,
}
