"""One program of a problem: what is known of it so far, and what its child is sent next."""

import re

from projected_grpo.grader.answers import Answers, answers_of
from projected_grpo.grader.bwrap import Limits
from projected_grpo.grader.exchange import Message
from projected_grpo.grader.frames import frame_at
from projected_grpo.grader.inside.rules import SCRIPTS
from projected_grpo.grader.lookup import looks_up
from projected_grpo.grader.requests import calls_of, helps_of, request_of
from projected_grpo.grader.sandbox import Run
from projected_grpo.grader.setups import star_modules
from projected_grpo.grader.trials import ALL_TRIALS
from projected_grpo.problems.problem import Problem, arguments_of

# A call of a hidden test, whose inputs are larger, may take so many times more than another.
HIDDEN_SECONDS = 10
# As deep as the sites let a solution go, or nearly so.
HIDDEN_RECURSION = 20_000
# Where joining the setup and the program, or the setup's own pow, makes the benchmark's verdict
# another than ours.
JOINED = re.compile(r"\b(?:pow|pytest)\b|__future__")


class Case:
    """hinted, more: see gather. shown, hidden: its answers, once they are taken."""

    def __init__(
        self,
        problem: Problem,
        program: str,
        test_name: str,
        hinted: bool,
        more: float,
        limits: Limits,
    ) -> None:
        self.problem = problem
        self.program = program
        self.test_name = test_name
        self.hinted = hinted
        self.more = more
        self.limits = limits
        self.doubtful = may_differ(problem, program)
        self.calls = calls_of(tuple(test.kwargs for test in problem.tests))
        self.request = request_of(problem, program, test_name)
        self.shown: Answers | None = None
        self.hidden: Answers | None = None
        self.placement: object = None
        # Whether the benchmark's own run of the asserts may end otherwise.
        self.needs_truth = False
        self.is_hasty = False
        self.loops_at_import = False
        self.has_rest = False

    def after_shown(self, frames: list) -> Message:
        """Hidden calls for a program that passes the shown tests, else the rest."""
        self.take_shown(frames)
        if not (self.shown.pass_all and self.problem.hidden):
            return self.rest(None)
        more = self.more + HIDDEN_SECONDS * self.limits.call_s
        content = {
            "calls": calls_of(tuple(test.kwargs for test in self.problem.hidden)),
            "call_s": self.limits.call_s + more,
            "recursion": HIDDEN_RECURSION,
        }
        return Message(content, more, self.after_hidden)

    def after_hidden(self, frames: list) -> Message:
        self.take_hidden(frames)
        return self.rest(self.more)

    def rest(self, more: float | None) -> Message:
        """What helps to answer calls, of which no more are asked. more: see Message."""
        self.has_rest = True
        trials = ALL_TRIALS if self.has_tests else []
        if not (trials or self.scripts):
            return Message({"trials": [], "scripts": []}, more)
        todo = {"trials": trials, "scripts": self.scripts, "passed": self.passed}
        return Message({**self.helps, **todo}, more)

    def take_shown(self, frames: list) -> None:
        self.placement = frame_at(frames, 1).get("placement")
        self.shown = answers_of(self.problem, self.problem.tests, frames, at=2)
        self.needs_truth = self.doubtful or self.shown.need_truth

    def take_hidden(self, frames: list) -> None:
        self.hidden = answers_of(self.problem, self.problem.hidden, frames)

    def take(self, run: Run) -> None:
        """What has not been taken yet when the child has ended: one that did not ask has no answers
        to hidden calls."""
        if self.shown is None:
            self.take_shown(run.frames)
        if self.shown.pass_all and self.problem.hidden and self.hidden is None:
            self.take_hidden(run.later[0] if run.later else [])
        # A solution that loops will not do better in its own tests.
        self.is_hasty = run.end == "spent" and len(run.frames) < 2 + len(self.problem.tests)
        self.loops_at_import = run.end == "spent" and len(run.frames) < 2

    @property
    def gt_pass(self) -> bool:
        return self.shown.pass_all and (self.hidden is None or self.hidden.pass_all)

    @property
    def hardcodes(self) -> bool:
        if self.hidden is None:
            return False
        return looks_up(self.problem, self.program, self.hidden.frames, self.hidden.right)

    @property
    def has_tests(self) -> bool:
        return self.placement in ("function", "method", "other")

    @property
    def helps(self) -> dict:
        return {**helps_of(self.problem, self.needs_truth), "examples": self.calls}

    @property
    def scripts(self) -> list[str]:
        """The benchmark's ways to run the program (see Compat), those that nothing tells yet."""
        known = {"hint"} if not self.hinted else set()
        # The benchmark looks for the function in the text, wherever it stands.
        if not self.has_tests and f"def {self.test_name}" not in self.program:
            known = {*SCRIPTS} - {"truth"}
        return [name for name in SCRIPTS if name not in known | self.passed.keys()]

    @property
    def passed(self) -> dict[str, bool]:
        """The verdicts of scripts that need no run. The benchmark knows no hidden tests."""
        if self.needs_truth:
            return {}
        # Its module has used what the benchmark's run of it may take.
        hint = {"hint": False} if self.loops_at_import else {}
        return {"truth": self.shown.pass_all, **hint}


def may_differ(problem: Problem, program: str) -> bool:
    """Whether the benchmark's own run of the calls may end otherwise than ours.

    It joins setup and program, calls by keyword, and binds no module beside the setup's names.
    """
    if JOINED.search(program):
        return True
    unbound = [f"{name}." for name in star_modules(problem.setup_code)]
    if any(name in program and f"import {name[:-1]}" not in program for name in unbound):
        return True
    heads = re.findall(rf"def {problem.method}\s*\(([^)]*)\)", program)
    names = arguments_of(problem.tests[0].kwargs) if problem.tests else {}
    return not heads or any(name not in re.findall(r"\w+", heads[-1]) for name in names)
