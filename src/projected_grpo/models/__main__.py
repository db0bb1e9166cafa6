"""Print a model's folder; one of the catalogue is made or fetched once."""

import sys
from dataclasses import dataclass

from projected_grpo import cli, models


@dataclass(frozen=True, kw_only=True)
class Settings:
    model: str = cli.argument(f"{', '.join(models.MODELS)}, or a folder")


def main(argv: list[str]) -> None:
    print(models.resolve(cli.read(Settings, argv).model))


if __name__ == "__main__":
    main(sys.argv[1:])
