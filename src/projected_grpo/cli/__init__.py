"""What the command lines share: a refusal in one line, and settings that a dataclass declares."""

from projected_grpo.cli.arguments import arguments, free_arguments, whole_number
from projected_grpo.cli.declare import argument, option, overrides
from projected_grpo.cli.read import given, read
from projected_grpo.cli.refusal import Refusal

__all__ = [
    "Refusal",
    "argument",
    "arguments",
    "free_arguments",
    "given",
    "option",
    "overrides",
    "read",
    "whole_number",
]
