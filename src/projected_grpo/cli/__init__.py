"""What the command lines share: a refusal in one line, and settings that a dataclass declares."""

from projected_grpo.cli.declare import argument, option, overrides, settings
from projected_grpo.cli.page import as_text
from projected_grpo.cli.read import given, read
from projected_grpo.cli.refusal import Refusal

__all__ = ["Refusal", "argument", "as_text", "given", "option", "overrides", "read", "settings"]
