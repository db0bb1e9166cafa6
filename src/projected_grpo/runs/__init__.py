"""Run folders: what produced them, and how they are found again."""

from projected_grpo.runs.folder import Run, create, find, load, problem_set, recording, resolve

__all__ = ["Run", "create", "find", "load", "problem_set", "recording", "resolve"]
