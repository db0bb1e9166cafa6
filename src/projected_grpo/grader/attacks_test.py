"""Wrong programs whose answers would be paid, hurt the machine, or reach the next program.

Each is graded in one and the same sandbox, and after each the canonical solution must still be
Correct there.
"""

import pytest

from projected_grpo.grader.conftest import answering, assert_unhurt

# A wrong solution with a hostile answer: the body of count().
ANSWERS = {
    "an object whose __eq__ is always true": """
        class Any:
            __eq__ = lambda self, other: True
            __hash__ = lambda self: 0
        return Any()
    """,
    "an int subclass whose __eq__ is always true": """
        class Any(int):
            __eq__ = lambda self, other: True
            __index__ = __int__ = lambda self: 2
            __hash__ = int.__hash__
        return Any(77)
    """,
    "a float subclass that lies about itself": (
        "return type('F', (float,), {'__eq__': lambda s, o: True, '__float__': lambda s: 2.0})(77)"
    ),
    "an object that poses as an int": (
        "return type('I', (), {'__class__': int, '__eq__': lambda s, o: True})()"
    ),
    "a generator": "yield 2",
    "a coroutine": "async def later(): return 2\n        return later()",
    "not a number": "return float('nan')",
    "an int of a million digits": "return 10 ** 1_000_000",
    "an endless nested list": "a = []\n        a.append(a)\n        return a",
    "a list that doubles forty times": """
        a = [0]
        for _ in range(40): a = [a, a]
        return a
    """,
    "lone surrogates": "return '\\ud800' * 1000",
    "a 400 MB string": "return 'x' * 400_000_000",
    "os._exit(0)": "import os\n        os._exit(0)",
    "sys.exit(0)": "raise SystemExit(0)",
    "an endless loop": "while True: pass",
    "a sleep past the limit": "import time\n        time.sleep(60)",
    "an endless loop that ignores every signal": """
        import signal
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True: pass
    """,
    "unbounded recursion": """
        import sys
        sys.setrecursionlimit(10**9)
        return self.count(nums, k)
    """,
    "recursion in C": """
        import sys
        sys.setrecursionlimit(10**9)
        a = []
        for _ in range(10**6): a = [a]
        return repr(a)
    """,
    "a 10 GB allocation": "return len(bytearray(10 << 30))",
    "many small allocations": "a = []\n        while True: a.append(bytearray(1 << 20))",
    "a fork bomb": """
        import os
        while True:
            try: os.fork()
            except OSError: return -1
    """,
    "a thread bomb": """
        import threading, time
        threading.stack_size(32768)
        try:
            while True: threading.Thread(target=time.sleep, args=(60,)).start()
        except (RuntimeError, MemoryError): return -1
    """,
    "a thread that outlives the call": """
        import threading, time
        threading.Thread(target=lambda: time.sleep(60)).start()
        return -1
    """,
    "a flood on stdout": """
        import sys
        for _ in range(2000): print('x' * 100_000)
        return -1
    """,
    "a segmentation fault": "import ctypes\n        ctypes.string_at(0)",
    "kills everything it can name": """
        import os, signal
        for pid in (-1, 0, os.getppid(), *range(2, 400)):
            try: os.kill(pid, signal.SIGKILL)
            except OSError: pass
        return -1
    """,
    "an iterator over the right answer": "return map(int, [sum(n > k for n in nums)])",
    "a dict view": "return {2: 2}.keys()",
    "a lazy proxy": """
        import weakref
        class Two: pass
        global two
        two = Two()
        return weakref.proxy(two)
    """,
    "an exception that is equal to everything, raised": """
        class E(BaseException):
            __eq__ = lambda self, other: True
            __hash__ = lambda self: 0
        raise E()
    """,
    "a class whose metaclass answers for it": """
        class Meta(type):
            __eq__ = lambda cls, other: True
            __hash__ = lambda cls: 2
            __instancecheck__ = __subclasscheck__ = lambda cls, other: True
        return Meta('int', (), {})
    """,
    "a bool subclass by way of its type's slots": (
        "return type('B', (int,), {'__bool__': lambda s: True, '__len__': lambda s: 2})(9)"
    ),
    "a str of digits": "return str(sum(n > k for n in nums))",
    "look-alike digits": "return '\\uff12'",
    "a complex number that is the right one": "return complex(sum(n > k for n in nums) + 1, 0)",
    "walks the frames for the expected values": """
        import sys
        frame = sys._getframe()
        while frame:
            for value in list(frame.f_locals.values()):
                if isinstance(value, dict) and 'expected' in value: return value['expected']
            frame = frame.f_back
        return -1
    """,
    "asks gc for the expected values": """
        import gc
        expected = [sum((8, -6)), 0, 4]
        for o in gc.get_objects():
            if o is not expected and isinstance(o, (list, tuple)) and list(o) == expected: return 2
            if type(o).__name__ in ('Test', 'Problem'): return 2
        return -1
    """,
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_hostile_answer_earns_nothing_and_hurts_nobody(grade, name):
    graded = grade("count", answering(ANSWERS[name]))
    assert (graded.label, graded.reward, graded.facts.n_passed) == ("Incorrect", 0.5, 0), graded
    assert_unhurt(grade)


def test_a_right_answer_is_correct_whatever_it_does_to_its_arguments(grade):
    program = answering("""
        right = sum(n > k for n in nums)
        nums.clear()
        return right
    """)
    assert grade("count", program).label == "Correct"


def test_elements_whose_eq_is_always_true_do_not_make_a_list_right(grade):
    program = """
class Any(list):
    __eq__ = lambda self, other: True
class Solution:
    def twice(self, nums):
        return Any(Any() for _ in nums)
"""
    graded = grade("twice", program)
    # [] == [] alone.
    assert (graded.label, graded.facts.n_passed) == ("Incorrect", 1)


def test_a_solution_that_is_right_every_other_time_it_is_called_is_incorrect(grade):
    program = answering("""
        Solution.n = getattr(Solution, 'n', 0) + 1
        return sum(n > k for n in nums) if Solution.n % 2 else -1
    """)
    graded = grade("count", program)
    assert (graded.label, graded.facts.n_passed) == ("Incorrect", 2)
