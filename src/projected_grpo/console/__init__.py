"""What a command shows: its own lines and their progress; all else goes into a log file."""

from projected_grpo.console.command import command, log_to
from projected_grpo.console.progress import progress
from projected_grpo.console.stream import attach, handed_on, say

__all__ = ["attach", "command", "handed_on", "log_to", "progress", "say"]
