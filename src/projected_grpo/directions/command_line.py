"""What the command lines of this room share."""

from collections.abc import Mapping, Sequence

import torch

from projected_grpo.cli import Refusal, arguments


def model_and_rollouts(
    argv: Sequence[str], defaults: Mapping[str, str], usage: str
) -> tuple[str, str, dict[str, str]]:
    """(MODEL, ROLLOUTS, options) of a command that also needs out=. Raises Refusal with `usage`."""
    free = [word for word in argv if "=" not in word]
    _, options = arguments([word for word in argv if "=" in word], None, defaults)
    if len(free) != 2 or not options["out"]:
        raise Refusal(usage)
    return free[0], free[1], options


def floats(text: str) -> list[float]:
    """The numbers of a list such as 0.6,0.75."""
    return [float(part) for part in text.split(",")]


def device(option: str) -> str:
    """cuda where there is one, unless the option is cpu."""
    return "cuda" if torch.cuda.is_available() and option != "cpu" else "cpu"
