"""Run a response's program where it can do no harm, say what it did, and pay for it. See docs/grader.md."""

from projected_grpo.grader.bwrap import Limits
from projected_grpo.grader.grade import Graded, Grader
from projected_grpo.grader.labels import Facts
from projected_grpo.grader.sandbox import SandboxError

__all__ = ["Facts", "Graded", "Grader", "Limits", "SandboxError"]
