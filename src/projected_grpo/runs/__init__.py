"""Run folders: what produced them, and how they are found again."""

from projected_grpo.runs.comparable import problem_set
from projected_grpo.runs.files import refuse_without_room
from projected_grpo.runs.folder import create, recording
from projected_grpo.runs.lookup import find, open_run, resolve
from projected_grpo.runs.run import Run
from projected_grpo.runs.start import Start
from projected_grpo.runs.start import find as find_state

__all__ = [
    "Run",
    "Start",
    "create",
    "find",
    "find_state",
    "open_run",
    "problem_set",
    "recording",
    "refuse_without_room",
    "resolve",
]
