"""Run folders: what produced them, and how they are found again."""

from projected_grpo.runs.comparable import problem_set
from projected_grpo.runs.folder import create, recording
from projected_grpo.runs.lookup import find, open_run, resolve
from projected_grpo.runs.run import Run

__all__ = ["Run", "create", "find", "open_run", "problem_set", "recording", "resolve"]
