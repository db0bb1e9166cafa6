"""What the command lines of this room share."""

from pathlib import Path

import torch

from projected_grpo import cli
from projected_grpo.cli import argument, option
from projected_grpo.weights.targets import PROJECTIONS

DEVICES = ("auto", "cpu", "cuda")


@cli.settings
class OfRollouts:
    """What every command takes that makes a folder out of a model and its rollouts."""

    model: str = argument("name or folder of a model")
    rollouts: Path = argument("a labelled parquet, or a folder of them")
    out: Path = option("folder of what is made")
    device: str = option("auto: cuda where there is one", "auto", choices=DEVICES)


@cli.settings
class OfWeights(OfRollouts):
    """What such a command takes that looks at some of the model's weights."""

    layers: tuple[float, float] = option("depth of blocks", (0.6, 0.75), least=0, most=1)
    projections: tuple[str, ...] = option("roles of weights", PROJECTIONS, choices=PROJECTIONS)


def device(option: str) -> str:
    """cuda where there is one, unless the option is cpu."""
    return "cuda" if torch.cuda.is_available() and option != "cpu" else "cpu"
