"""Honest tests of what is no plain method of the class: helpers, what __init__ sets."""

import textwrap

import pytest

# Whole programs; the wrong twin has WRONG_PART in the place of PART.
PART, WRONG_PART = "n > k", "n < k"
WHOLE = {
    "a helper function": """
        def above(n, k):
            return n > k
        class Solution:
            def count(self, nums, k):
                return sum(above(n, k) for n in nums)
        def run_tests():
            assert above(5, 4) and not above(4, 5)
    """,
    "another method": """
        class Solution:
            def count(self, nums, k):
                return len(self.above(nums, k))
            def above(self, nums, k):
                return [n for n in nums if n > k]
        def run_tests():
            def check(got, want):
                assert got == want
            check(Solution().above([5, 1], 4), [5])
    """,
    "a method that the test method calls": """
        class Solution:
            def count(self, nums, k):
                return sum(map(self.above(k), nums))
            def above(self, k):
                return lambda n: n > k
            def run_tests(self):
                assert self.above(4)(5) is True
    """,
    "a named lambda": """
        above = lambda n, k: n > k
        class Solution:
            def count(self, nums, k):
                return sum(above(n, k) for n in nums)
        def run_tests():
            for n, want in ((5, True), (3, False)):
                assert above(n, 4) == want
    """,
    "a helper class": """
        class Counting:
            def __init__(self, k):
                self.k, self.total = k, 0
            def add(self, n):
                k = self.k
                self.total += n > k
            def result(self):
                return self.total
        class Solution:
            def count(self, nums, k):
                counting = Counting(k)
                for n in nums:
                    counting.add(n)
                return counting.result()
        def run_tests():
            counting = Counting(4)
            counting.add(5)
            assert counting.result() == 1
    """,
    "the function that the method hands on to": """
        def count(nums, k):
            return len([n for n in nums if n > k])
        class Solution:
            def count(self, nums, k):
                return count(nums, k)
        def run_tests():
            assert count([5, 9, 1], 4) == 2
    """,
    "the method set in __init__": """
        class Solution:
            def __init__(self):
                self.count = self.solve
            def solve(self, nums, k):
                return sum(n > k for n in nums)
        def run_tests():
            assert Solution().count([1, 5, 9], 4) == 2
    """,
    "a lambda set in __init__ over the method": """
        class Solution:
            def __init__(self):
                setattr(self, "count", lambda nums, k: sum(n > k for n in nums))
            def count(self, nums, k):
                raise NotImplementedError
        def run_tests():
            solution = Solution()
            assert solution.count([1, 5, 9], k=4) == 2
    """,
    "a method by __getattr__": """
        class Solution:
            def __getattr__(self, name):
                return self.solve
            def solve(self, nums, k):
                return sum(n > k for n in nums)
        def run_tests():
            assert Solution().count([1, 5, 9], 4) == 2
    """,
    "a method assigned from outside": """
        class Solution:
            pass
        def solve(self, nums, k):
            return sum(n > k for n in nums)
        Solution.count = solve
        def run_tests():
            assert Solution().count([1, 5, 9], 4) == 2
    """,
    "recursion, 600 deep": """
        class Solution:
            def count(self, nums, k):
                return sum(n > k for n in nums[:1]) + self.count(nums[1:], k) if nums else 0
        def run_tests():
            assert Solution().count([5] * 600, 4) == 600
    """,
    "recursion, 980 deep, at import too": """
        class Solution:
            def count(self, nums, k, i=0):
                if i == len(nums):
                    return 0
                n = nums[i]
                return (n > k) + self.count(nums, k, i + 1)
        def run_tests():
            assert Solution().count([5] * 980, 4) == 980
        try:
            run_tests()
        except AssertionError:
            pass
    """,
    "recursion of a helper, 900 deep": """
        def above(nums, k, i):
            if i < 0:
                return 0
            n = nums[i]
            return (n > k) + above(nums, k, i - 1)
        class Solution:
            def count(self, nums, k):
                return above(nums, k, len(nums) - 1)
        def run_tests():
            assert above([5] * 900, 4, 899) == 900
    """,
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_program_with_honest_tests_is_correct_and_paid(grade, name):
    graded = grade("count", textwrap.dedent(WHOLE[name]))
    assert (graded.label, graded.facts.kind, graded.reward) == ("Correct", "honest", 3.5), graded


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_program_with_a_wrong_part_fails_its_honest_tests(grade, name):
    program = textwrap.dedent(WHOLE[name])
    assert PART in program
    graded = grade("count", program.replace(PART, WRONG_PART))
    assert (graded.label, graded.facts.kind, graded.reward) == ("Incorrect", "honest", 0.5), graded
