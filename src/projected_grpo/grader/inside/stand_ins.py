"""What answers in the solution's place while the response's own tests run. Runs in the sandbox."""

import inspect
import marshal
import math


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


def canonical(state, request: dict):
    namespace = {"__name__": "canonical"}
    exec(marshal.loads(request["setup"]), namespace)
    exec(request["canonical"], namespace)
    method = getattr(namespace["Solution"], request["method"])
    code = inspect.unwrap(method).__code__
    takes = None if code.co_flags & inspect.CO_VARARGS else code.co_argcount - 1

    def answer(arguments, keywords):
        # The response's solution may have more parameters, with defaults.
        arguments = arguments[:takes]
        try:
            return getattr(namespace["Solution"](), request["method"])(*arguments, **keywords)
        except Exception:
            # It was called as it should be, on what it cannot answer.
            state.crashed |= takes in (None, len(arguments) + len(keywords))
            raise

    return answer


def perturbed(state, request: dict):
    right = canonical(state, request)
    return lambda arguments, keywords: near_miss(right(arguments, keywords))


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
    "canonical": canonical,
    "perturbed": perturbed,
    "truthy": truthy,
    "falsy": falsy,
    "equal": equal,
    "none": none,
    "raises": raises,
}
