"""Print a model's folder; one of the catalogue is made or fetched once."""

import sys

from projected_grpo import cli, models
from projected_grpo.cli import argument


@cli.settings
class Settings:
    model: str = argument(f"{', '.join(models.MODELS)}, or a folder")


def main(argv: list[str]) -> None:
    print(models.resolve(cli.read(Settings, argv).model))


if __name__ == "__main__":
    main(sys.argv[1:])
