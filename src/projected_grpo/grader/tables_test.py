"""A module may take its time for a table; a solution that loops while it runs may not."""

import textwrap

import pytest

from projected_grpo.grader.conftest import COUNT, PROBLEMS
from projected_grpo.grader.requests import request_of

TABLES = {
    "a sieve": """
        LIMIT = 10**6
        spf = list(range(LIMIT + 1))
        for i in range(2, 1001):
            if spf[i] == i:
                for j in range(i * i, LIMIT + 1, i):
                    if spf[j] == j:
                        spf[j] = i
    """,
    "a sieve in a function": """
        def sieve(limit):
            is_prime = [True] * (limit + 1)
            i = 2
            while i * i <= limit:
                if is_prime[i]:
                    j = i * i
                    while j <= limit:
                        is_prime[j] = False
                        j += i
                i += 1
            return [n for n in range(2, limit + 1) if is_prime[n]]
        PRIMES = sieve(10**6)
    """,
    "factorials": """
        MOD = 10**9 + 7
        FACTORIALS = [1]
        for i in range(1, 600_001):
            FACTORIALS.append(FACTORIALS[-1] * i % MOD)
        INVERSES = [pow(f, MOD - 2, MOD) for f in FACTORIALS[:20_000]]
    """,
    "the solution's own table": """
        class Table:
            squares = {n: n * n for n in range(500_000)}
    """,
}


@pytest.mark.parametrize("name", TABLES)
def test_a_module_may_make_a_table(grade, name):
    graded = grade("count", textwrap.dedent(TABLES[name]) + COUNT)
    assert (graded.label, graded.reward) == ("Correct", 3.5)


def test_a_table_and_honest_tests_go_together(grade):
    tests = "\ndef run_tests():\n    assert Solution().count([5], 4) == 1 and spf[9] == 3"
    graded = grade("count", textwrap.dedent(TABLES["a sieve"]) + COUNT + tests)
    assert (graded.label, graded.facts.kind, graded.facts.uncertain) == ("Correct", "honest", False)


HANGS_AT_IMPORT = "class Solution:\n    def count(self, nums, k):\n        while True: pass\n"


def test_a_solution_that_loops_at_import_is_stopped_by_what_a_call_may_take(grader):
    program = HANGS_AT_IMPORT + "Solution().count([], 0)"
    request = request_of(PROBLEMS["count"], program, "run_tests")
    run = grader.sandboxes[0].run({**request, "calls": []})
    assert run.end == "spent"
    assert run.cpu_s < grader.sandboxes[0].limits.cpu_s / 4
