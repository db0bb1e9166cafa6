"""What a program answered to the calls of a problem's tests, and which answers are right."""

from dataclasses import dataclass

from projected_grpo.grader.frames import frame_at
from projected_grpo.grader.values import has_tuple, matches, plain, size
from projected_grpo.problems.checkers import accepts
from projected_grpo.problems.problem import Problem, Test, arguments_of


@dataclass(frozen=True)
class Answers:
    """tests: what was called; frames: one for each (see inside/child.py); right: the verdicts."""

    tests: tuple[Test, ...]
    frames: list[dict]
    right: list[bool]

    @property
    def pass_all(self) -> bool:
        return all(self.right) and len(self.tests) > 0

    @property
    def need_truth(self) -> bool:
        """Whether the benchmark, which asks the program's ==, may judge them otherwise."""
        lenient = any(map(is_lenient, self.right, self.tests, self.frames))
        return lenient or may_fool(self.right, self.frames)


def answers_of(problem: Problem, tests: tuple[Test, ...], sent: list, at: int = 0) -> Answers:
    """at: where the frames of these tests' calls begin in those that were sent."""
    frames = [frame_at(sent, at + i) for i in range(len(tests))]
    return Answers(tests, frames, verdicts(problem, tests, frames))


def verdicts(problem: Problem, tests: tuple[Test, ...], answers: list[dict]) -> list[bool]:
    """Which of the ground truth's calls gave a right value."""
    return [
        "value" in answer and is_right(problem.checker, test, answer["value"])
        for test, answer in zip(tests, answers, strict=True)
    ]


def is_right(checker: str, test: Test, sent: object) -> bool:
    """Whether it is the expected value, or another one that the problem's checker accepts."""
    if matches(test.expected, sent):
        return True
    if checker == "equal":
        return False
    # No right answer has more items than this.
    most = size(test.expected) + len(test.kwargs)
    return accepts(checker, arguments_of(test.kwargs), test.expected, plain(sent, most))


def may_fool(right: list[bool], answers: list[dict]) -> bool:
    """Whether the program's own ==, which the benchmark asks, may call every wrong answer right.

    It can where every wrong answer has a type of its own.
    """
    wrong = [answer for is_right, answer in zip(right, answers, strict=True) if not is_right]
    return len(wrong) > 0 and all(answer.get("odd") is True for answer in wrong)


def is_lenient(is_right: bool, test: Test, answer: dict) -> bool:
    """Whether an answer is right though == may tell it from the expected one.

    That is one with a tuple for a list in it, or one that only a checker accepts.
    """
    if not is_right:
        return False
    return has_tuple(answer["value"]) or not matches(test.expected, answer["value"])
