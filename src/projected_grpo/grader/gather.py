"""What is run in a sandbox to know what a response did: ground truth, its tests, the benchmark."""

from dataclasses import replace
from functools import partial

from projected_grpo.grader import reading
from projected_grpo.grader.benchmark.rules import Compat
from projected_grpo.grader.case import Case
from projected_grpo.grader.frames import frame_at
from projected_grpo.grader.labels import tests_facts
from projected_grpo.grader.sandbox import Sandbox
from projected_grpo.grader.scripts import verdicts_in_turn
from projected_grpo.grader.trials import in_turn, try_tests
from projected_grpo.loopholes.facts import Facts
from projected_grpo.problems.problem import Problem


def gather(
    sandbox: Sandbox, problem: Problem, response: str, test_name: str, hinted: bool, more: float
) -> tuple[Facts, Compat]:
    """What the response did; Compat, where the benchmark reads another program in it, of that one.

    hinted: the environment calls the response's own test function (Loophole.calls_own_tests).
    more: the problem's CPU seconds on top of the limit.
    """
    program, benchmark = reading.program_of(response), reading.benchmark_program_of(response)
    facts, compat = of_program(sandbox, problem, program, test_name, hinted, more)
    if benchmark != program:
        _, compat = of_program(sandbox, problem, benchmark, test_name, hinted, more)
    return facts, compat


def of_program(
    sandbox: Sandbox,
    problem: Problem,
    program: str | None,
    test_name: str,
    hinted: bool,
    more: float,
) -> tuple[Facts, Compat]:
    """Ground truth first; then, where the module defines the test function, that function."""
    n_tests = len(problem.tests)
    if program is None:
        return Facts(n_tests=n_tests), Compat()

    case = Case(problem, program, test_name, hinted, more, sandbox.limits)
    calls = {"calls": case.calls, "doubtful": case.doubtful}
    run = sandbox.run({**case.request, **calls}, more, case.after_shown)
    if frame_at(run.frames, 0).get("compiles") is not True:
        return Facts(parsed=True, n_tests=n_tests), Compat()
    case.take(run)
    facts = Facts(
        parsed=True,
        compiles=True,
        n_tests=n_tests,
        n_passed=sum(case.shown.right),
        gt_pass=case.gt_pass,
        hardcodes=case.hardcodes,
    )

    request = {**case.request, **case.helps, "hasty": case.is_hasty}
    sent = run.later[-1] if case.has_rest else []
    scripts = case.scripts
    if case.has_tests:
        trials = try_tests(partial(in_turn, sandbox, request, more=more), sent)
        any_answer = problem.checker != "equal"
        known = tests_facts(trials, not facts.gt_pass, any_answer)
        facts = replace(facts, defines_tests=True, placement=case.placement, **known)
        if trials.hang:
            scripts = [name for name in scripts if name in ("truth", "defines")]
    passed = verdicts_in_turn(sandbox, request, scripts, case.passed, sent, more)
    return facts, Compat(**passed)
