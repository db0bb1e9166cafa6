"""Which weights an arm would hold: side, norm, shape, cos α of v, and the chance level of cos α."""

import sys
from pathlib import Path
from typing import get_args

import torch
from tabulate import tabulate

from projected_grpo import cli, models
from projected_grpo.cli import argument, option
from projected_grpo.directions import activations, files
from projected_grpo.weights import diagnostics, spectra
from projected_grpo.weights.basis import Select
from projected_grpo.weights.columns import SingularVectors
from projected_grpo.weights.enforcer import Enforcer


@cli.settings
class Settings:
    model: str = argument("name or folder of a model")
    v_hack: Path | None = option("folder of v, a random one where none", None)
    m: int = option("singular vectors of a weight", 32, least=1)
    select: str = option("which ones", "alignment", choices=get_args(Select))
    layers: tuple[float, float] = option("depth of the blocks", (0.0, 1.0), least=0, most=1)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    module, _ = activations.load_model(models.resolve(settings.model), "cpu")
    d = module.config.get_text_config().hidden_size
    v, name = _random(d), "a random direction (no v_hack given)"
    if settings.v_hack:
        v, name = files.read_direction(settings.v_hack, d).v, str(settings.v_hack)
    source = SingularVectors(v, settings.m, settings.select, spectrum=spectra.cached)
    hook = Enforcer(module, module.config.model_type, source, "measure", settings.layers)
    n = len(hook.guarded)
    print(f"{settings.model}: {n} weights; cos α of {name}, m {settings.m} by {settings.select}")
    table = diagnostics.table(hook)
    print(tabulate(table.rows(), table.columns, floatfmt=".3f"))


def _random(d: int) -> torch.Tensor:
    v = torch.randn(d, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.normalize(v, dim=0)


if __name__ == "__main__":
    main(sys.argv[1:])
