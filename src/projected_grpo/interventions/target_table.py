"""Which weights an arm would hold: `just targets MODEL [v_hack=FOLDER] [m=32] [select=alignment]`.

Prints every target with its side, norm, shape, cos α of v, and the chance level of cos α.
"""

import sys
from pathlib import Path
from typing import get_args

import torch
from tabulate import tabulate

from projected_grpo import models
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.directions import activations, files
from projected_grpo.weights import diagnostics, spectra
from projected_grpo.weights.basis import Select
from projected_grpo.weights.columns import SingularVectors
from projected_grpo.weights.enforcer import Enforcer

DEFAULTS = {"v_hack": "", "m": "32", "select": "alignment", "layers": "0,1"}


def main(argv: list[str]) -> None:
    model, options = arguments(argv, "MODEL", DEFAULTS)
    selects = get_args(Select)
    if model is None or options["select"] not in selects:
        raise Refusal(
            f"just targets MODEL [v_hack=FOLDER] [m=32] [select={'|'.join(selects)}] [layers=0,1]"
        )
    m = whole_number("m", options["m"], 1)
    low, high = (float(part) for part in options["layers"].split(","))
    module, _ = activations.load_model(models.resolve(model), "cpu")
    d = module.config.get_text_config().hidden_size
    v, name = _random(d), "a random direction (no v_hack given)"
    if options["v_hack"]:
        v, name = files.read_direction(Path(options["v_hack"]), d).v, options["v_hack"]
    source = SingularVectors(v, m, options["select"], spectrum=spectra.cached)
    hook = Enforcer(module, module.config.model_type, source, "measure", (low, high))
    n = len(hook.guarded)
    print(f"{model}: {n} weights; cos α of {name}, m {m} by {options['select']}")
    table = diagnostics.table(hook)
    print(tabulate(table.rows(), table.columns, floatfmt=".3f"))


def _random(d: int) -> torch.Tensor:
    v = torch.randn(d, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.normalize(v, dim=0)


if __name__ == "__main__":
    main(sys.argv[1:])
