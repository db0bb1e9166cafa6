"""Every loophole there is: the instances of Loophole that the modules of this folder define."""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

from projected_grpo.cli import Refusal
from projected_grpo.loopholes.base import NO_FAMILY, Loophole

HERE = Path(__file__).parent
PACKAGE = __name__.rpartition(".")[0]


@cache
def known() -> dict[str, Loophole]:
    """Loopholes by name: modules in alphabetical order, the wordings of each as it defines them.

    Refusal where two wordings share a name.
    """
    loopholes: dict[str, Loophole] = {}
    for module in pkgutil.iter_modules([str(HERE)]):
        if module.name.endswith("_test"):
            continue
        for value in vars(import_module(f"{PACKAGE}.{module.name}")).values():
            if not isinstance(value, Loophole):
                continue
            # A module may import another's wording: that is the same object.
            if loopholes.setdefault(value.name, value) is not value:
                raise Refusal(
                    f"two loopholes are called {value.name!r}; rename the one of {module.name}.py"
                )
    return loopholes


def get(name: str) -> Loophole:
    """The loophole whose wording has this name. Refusal, with the names there are, for another."""
    if name not in known():
        raise Refusal(f"unknown loophole {name!r}; choose one of {', '.join(known())}")
    return known()[name]


def clean() -> Loophole:
    """The wording without a loophole: the only one of its family."""
    (wording,) = [loophole for loophole in known().values() if loophole.family == NO_FAMILY]
    return wording
