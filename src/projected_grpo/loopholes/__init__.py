"""How a problem becomes a prompt, what the prompt leaves open, and what is paid for it.

To add a loophole: one module here with a subclass of base.Loophole and an instance of it for each
wording. Prompts, pay, labels and command lines find it by its name; overwrite_tests.py shows how.
"""

from projected_grpo.loopholes.base import Loophole
from projected_grpo.loopholes.facts import Facts
from projected_grpo.loopholes.names import EVAL_NAMES, TRAIN_NAME, eval_name
from projected_grpo.loopholes.prompt import CODE_SYSTEM_PROMPT, messages
from projected_grpo.loopholes.registry import clean, get, known

NAMES = tuple(known())
CLEAN = clean()

__all__ = [
    "CLEAN",
    "CODE_SYSTEM_PROMPT",
    "EVAL_NAMES",
    "NAMES",
    "TRAIN_NAME",
    "Facts",
    "Loophole",
    "eval_name",
    "get",
    "messages",
]
