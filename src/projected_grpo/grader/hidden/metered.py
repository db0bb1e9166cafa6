"""A program of ours that counts the lines it runs, and stops a call that runs too many.

Lines are the same on every machine and in every run, which seconds are not.
"""

# The class keeps its name for what calls it, and the program runs as it is below.
# No `except Exception` of the program catches what stops it.
METER = """

class _OverBudget(BaseException):
    pass


class _Metered:
    program = Solution
    budgets = iter({budgets})

    def {method}(self, *arguments):
        import sys

        budget = next(_Metered.budgets)
        lines = 0

        def count(_frame, _event, _value):
            nonlocal lines
            lines += 1
            if lines > budget:
                raise _OverBudget
            return count

        sys.settrace(count)
        try:
            answer = _Metered.program().{method}(*arguments)
        finally:
            sys.settrace(None)
        return [lines, answer]


Solution = _Metered
"""


def metered(program: str, method: str, budgets: list[int]) -> str:
    """The program, whose calls return [lines run, answer].

    budgets: how many lines the first call, the second and so on may run; more raise.
    """
    return program + METER.format(method=method, budgets=budgets)
