"""What the command lines of this room share."""

from dataclasses import dataclass
from pathlib import Path

import torch

from projected_grpo import cli
from projected_grpo.weights.targets import PROJECTIONS

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True, kw_only=True)
class OfRollouts:
    """What every command takes that makes a folder out of a model and its rollouts."""

    model: str = cli.argument("name or folder of a model")
    rollouts: Path = cli.argument("a labelled parquet, or a folder of them")
    out: Path = cli.option("folder of what is made")
    device: str = cli.option("auto: cuda where there is one", "auto", choices=DEVICES)


@dataclass(frozen=True, kw_only=True)
class OfWeights(OfRollouts):
    """What such a command takes that looks at some of the model's weights."""

    layers: tuple[float, float] = cli.option("depth of blocks", (0.6, 0.75), least=0, most=1)
    projections: tuple[str, ...] = cli.option("roles of weights", PROJECTIONS, choices=PROJECTIONS)


def device(option: str) -> str:
    """cuda where there is one, unless the option is cpu."""
    return "cuda" if torch.cuda.is_available() and option != "cpu" else "cpu"
