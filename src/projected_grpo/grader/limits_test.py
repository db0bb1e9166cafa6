"""CPU seconds: what a call and a response get, and what a problem's own solution adds."""

import os
import signal
import threading

import pytest

from projected_grpo.grader import Grader, Limits
from projected_grpo.grader.calibrate import slowness
from projected_grpo.grader.conftest import PROBLEMS, problem
from projected_grpo.grader.requests import request_of
from projected_grpo.loopholes import CLEAN
from projected_grpo.problems import Problem

# How a solution waits: for so many CPU seconds in all calls, and in each of them.
SPIN_TO = "(self, n):\n        while time.process_time() < {}: pass\n        return n"
SPIN_FOR = (
    "(self, n):\n        end = time.process_time() + {}\n"
    "        while time.process_time() < end: pass\n        return n"
)


def canonical_answer(problem: Problem) -> tuple[Problem, str, str, str]:
    """What Grader.grade takes, for the problem's own solution, without a loophole."""
    return problem, f"```python\n{problem.canonical}\n```", CLEAN.name, "run_tests"


def spin_answer(problem: Problem, body: str) -> tuple[Problem, str, str, str]:
    """Likewise for a method `spin` with this body, parameters included."""
    response = f"```python\nclass Solution:\n    def spin{body}\n```"
    return problem, response, CLEAN.name, "run_tests"


@pytest.mark.parametrize(("own_s", "passes"), [(0.0, False), (0.5, True)])
def test_a_response_gets_more_cpu_seconds_where_the_problems_own_solution_needs_them(own_s, passes):
    slow = problem("spin", SPIN_TO.format(own_s), **{"n = 1": 1})
    # Less than three times 0.5: a busy machine's clock ticks late.
    with Grader() as grader:
        graded = grader.grade(*spin_answer(slow, SPIN_TO.format(1.2)))
    assert graded.facts.gt_pass is passes


def test_a_response_that_was_on_its_way_when_another_worker_measured_gets_the_wider_limit_too():
    class Meanwhile(dict):
        # As it stood when the response was begun.
        def get(self, key, default):
            return default

    slow = problem("spin", SPIN_FOR.format(0.5), **{"n = 1": 1})
    with Grader() as grader:
        grader.needs = Meanwhile({slow.hash: 2.0})
        assert grader.grade(*canonical_answer(slow)).facts.gt_pass


def test_the_problems_own_solution_is_run_only_for_responses_that_a_limit_stops():
    quick = problem("spin", "(self, n):\n        return n", **{"n = 1": 1})
    bodies = [("return 2", False), ("raise SystemExit", False), ("while True: pass", True)]
    with Grader() as grader:
        for body, measured in bodies:
            grader.grade(*spin_answer(quick, f"(self, n):\n        {body}"))
            assert (quick.hash in grader.needs) is measured


@pytest.mark.parametrize(("calls", "each_s", "passed"), [(5, 0.02, 5), (2, 0.1, 0)])
def test_cpu_seconds_may_be_spread_over_calls_but_not_spent_on_one(calls, each_s, passed):
    tests = {f"n = {n}": n for n in range(calls)}
    quick = problem("spin", "(self, n):\n        return n", **tests)
    with Grader() as grader:
        graded = grader.grade(*spin_answer(quick, SPIN_FOR.format(each_s * slowness())))
    assert graded.facts.n_passed == passed


def test_a_program_deaf_to_signals_ends_by_its_cpu_seconds_and_not_by_the_clock():
    program = "import signal\nsignal.signal(signal.SIGPROF, signal.SIG_IGN)\nwhile True: pass"
    with Grader(limits=Limits(cpu_s=0.3, wall_s=60.0)) as grader:
        run = grader.sandboxes[0].run(
            {**request_of(PROBLEMS["count"], program, "run_tests"), "calls": []}
        )
    assert (run.end, run.frames) == ("killed", [{"compiles": True}])


def test_a_sandbox_lost_while_measuring_adds_no_seconds_now_and_is_measured_again_later():
    slow = problem("spin", SPIN_FOR.format(1.0), **{"n = 1": 1})
    with Grader() as grader:
        (sandbox,) = grader.sandboxes
        killer = threading.Timer(0.3, os.kill, (sandbox.members()[-1], signal.SIGKILL))
        killer.start()
        assert grader.need(sandbox, slow) == 0.0
        assert grader.needs == {}
        assert grader.need(sandbox, slow) > 2.0
