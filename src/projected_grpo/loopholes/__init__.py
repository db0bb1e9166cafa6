"""How a problem becomes a prompt, and what a prompt leaves open."""

from projected_grpo.loopholes.base import (
    CODE_SYSTEM_PROMPT,
    NAMES,
    TRAIN_NAME,
    eval_name,
    messages,
)

__all__ = ["CODE_SYSTEM_PROMPT", "NAMES", "TRAIN_NAME", "eval_name", "messages"]
