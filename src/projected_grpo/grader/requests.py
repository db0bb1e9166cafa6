"""What a sandbox's child is asked to do with a program; see inside/child.py."""

import ast
import marshal
from functools import lru_cache

from projected_grpo.grader.setups import ahead, compiled, with_modules
from projected_grpo.problems.problem import Problem, literal


def request_of(problem: Problem, program: str, test_name: str) -> dict:
    """What every request about a program has; see child.py."""
    return {
        "setup": compiled(with_modules(problem.setup_code)),
        "ahead": ahead(problem.setup_code),
        "program": program,
        "method": problem.method,
        "test_name": test_name,
    }


def helps_of(problem: Problem, with_truth: bool) -> dict:
    """What a program must not find while it answers the ground truth's calls."""
    return {
        "compat_setup": compiled(problem.setup_code),
        "canonical": problem.canonical,
        "canonical_code": compiled_solution(problem.canonical),
        "checker": problem.checker,
        "truth": asserts_of(problem) if with_truth else [],
        "trials": [],
        "hasty": False,
        "scripts": [],
        "passed": {},
    }


@lru_cache(maxsize=4096)
def compiled_solution(source: str) -> bytes:
    """A trusted solution as marshalled code. Cached like calls_of."""
    return marshal.dumps(compile(source, "<canonical>", "exec", dont_inherit=True))


@lru_cache(maxsize=4096)
def calls_of(kwargs: tuple[str, ...]) -> list[bytes]:
    """Each call's arguments, "nums = [2, 7], k = 9", marshalled in their order. Literals only.

    They go by position: what a program calls its parameters is its own affair. Raises ValueError
    for another value. Cached, because a problem comes again and again.
    """
    calls = []
    for source in kwargs:
        words = ast.parse(f"f({source})", mode="eval").body.keywords
        calls.append(marshal.dumps([ast.literal_eval(word.value) for word in words]))
    return calls


def asserts_of(problem: Problem) -> list[str]:
    """The problem's tests as the benchmark writes them."""
    call = f"Solution().{problem.method}"
    return [f"assert {call}({test.kwargs}) == {literal(test.expected)}" for test in problem.tests]
