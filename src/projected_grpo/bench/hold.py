"""What `hold` costs in a step without refresh, on random weights of a real shape.

    python -m projected_grpo.bench.hold MODEL_FOLDER [recipes=signed,cell] [r=64] [tokens=65536]

MODEL_FOLDER holds a config only (scripts/random_init_model.py) or a whole model. Sets of random
matrices at every target of all blocks. Printed: milliseconds of the edit after an optimizer step,
and its share of forward and backward over that many tokens.
"""

import sys
from pathlib import Path

import torch
from tabulate import tabulate
from transformers import AutoModelForCausalLM

from projected_grpo import cli
from projected_grpo.bench.hook import ROW, SEQUENCES, config_of, median_seconds, step_seconds
from projected_grpo.cli import argument, option
from projected_grpo.directions import recipes
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.interventions.hold import Hold
from projected_grpo.weights import targets


@cli.settings
class Settings:
    model: Path = argument("a folder with a config.json")
    recipes: tuple[str, ...] = option(
        "whose sets are held", ("signed", "cell", "diagonal", "matrix"), choices=recipes.NAMES
    )
    r: int = option("directions a weight", 64, least=1)
    tokens: int = option("of a step", 65536, least=1)


def holding(model: torch.nn.Module, model_type: str, recipe: str, r: int) -> Hold:
    """The mechanism on every target, attached by hand: no set of such a model is on any disk."""
    params = dict(model.named_parameters())
    hold = Hold()
    for target in targets.select(params, model_type):
        W = params[target.name]
        D = torch.randn_like(W)
        of = recipes.get(recipe).fit(Classes(D, D, D), target.side, r)
        hold.held.append(hold.from_here(target, W, of, 1.0))
    return hold


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    config = config_of(settings.model)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    step = step_seconds(config, device) * settings.tokens / (ROW * SEQUENCES)
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    rows = []
    with torch.no_grad():
        for recipe in settings.recipes:
            hold = holding(model, config.model_type, recipe, settings.r)
            seconds = median_seconds(hold.after_step, device)
            rows.append([recipe, len(hold.held), 1e3 * seconds, f"{seconds / step:.2%}"])
    headers = ["sets", "weights", "ms", f"share of {settings.tokens} tokens"]
    print(tabulate(rows, headers, floatfmt=".2f"))


if __name__ == "__main__":
    main(sys.argv[1:])
