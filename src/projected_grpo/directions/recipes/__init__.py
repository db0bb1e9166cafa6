"""Recipes: from the gradients of labelled classes at one weight to the movements that are held.

One file each, named as `just columns` and `just dose` name it, with

    fit(D, side, r) -> Movements      D: base.Classes, r: directions, best first
    USES                              the classes whose gradients it reads
    HALF                              only movements along D_hack are taken, those against it stay
"""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import torch

from projected_grpo.cli import Refusal
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights.sets import Columns

NAMES = tuple(m.name for m in iter_modules(__path__) if not m.name.endswith(("_test", "base")))


def get(name: str) -> ModuleType:
    """The recipe's module. Raises Refusal for one that is not there."""
    if name not in NAMES:
        raise Refusal(f"unknown recipe={name}: choose from {', '.join(NAMES)}")
    return import_module(f"{__name__}.{name}")


def is_one_sided(name: str) -> bool:
    """Whether its sets are columns on the residual side."""
    D = torch.eye(2)
    return isinstance(get(name).fit(Classes(D, D, D), "reads", 1), Columns)
