"""Every arm of configs/arm: role, what it sees, what it changes, source, knobs."""

import sys
from pathlib import Path

import yaml
from omegaconf import OmegaConf
from tabulate import tabulate

from projected_grpo import cli
from projected_grpo.interventions import arms
from projected_grpo.interventions.arms import Arm
from projected_grpo.interventions.settings import settings_of

FOLDER = Path(__file__).parents[3] / "configs" / "arm"
COLUMNS = ("arm", "role", "control of", "mechanism", "sees", "changes", "source", "knobs", "H")

WIDTHS = [None, None, None, None, 16, 12, 12, 30, 34]


@cli.settings
class Settings:
    """Nothing: it prints all."""


def configs(seed: int = 1) -> dict[str, dict]:
    """Name -> an arm's config as a run of this seed resolves it, in the order of the files."""
    resolved = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        arm = OmegaConf.create({"seed": seed, "arm": yaml.safe_load(file.read_text())})
        resolved[file.stem] = OmegaConf.to_container(arm, resolve=True)["arm"]
    return resolved


def knobs(arm: Arm) -> str:
    """The settings of its mechanisms, each with its value."""
    parts = []
    for part in arm.interventions.parts:
        for name in settings_of(type(part)):
            value = getattr(part, name)
            text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            if len(text) <= 24:
                parts.append(f"{name}={text}")
    return " ".join(parts)


def row(arm: Arm) -> list[str]:
    parts = arm.interventions.parts
    return [
        arm.name,
        arm.role,
        arm.control_of or "",
        " + ".join(part.mechanism for part in parts) or "none",
        "; ".join(dict.fromkeys(part.sees for part in parts)),
        "; ".join(dict.fromkeys(part.changes for part in parts)),
        "; ".join(part.origin for part in parts),
        knobs(arm),
        arm.hypothesis,
    ]


def main(argv: list[str]) -> None:
    cli.read(Settings, argv)
    rows = [row(arms.parse(config)) for config in configs().values()]
    print(tabulate(rows, COLUMNS, maxcolwidths=WIDTHS))


if __name__ == "__main__":
    main(sys.argv[1:])
