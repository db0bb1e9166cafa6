"""An arm of the study is data: what it is for, and the mechanisms that make it.

    name, hypothesis, role, control_of, loophole,
    interventions: [{mechanism: <file of this room>, <settings>}]

An entry may say `until: STEP`, the last step in which it acts on the weights.
No code path knows an arm by name, and a mechanism is found by the name of its file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import projected_grpo.interventions as room
from projected_grpo.cli import Refusal
from projected_grpo.interventions.base import Intervention
from projected_grpo.interventions.chain import Chain
from projected_grpo.interventions.settings import filled, fitted
from projected_grpo.runs.run import DEFINITION, ROLES, Role

# Places that know no step.
ELSEWHERE = ("prompt", "pay", "keep", "advantage", "score", "deploy")


@dataclass(frozen=True)
class Arm:
    """control_of: the treatment that this arm is a control of.

    loophole: whether it is trained on it.
    """

    name: str
    hypothesis: str
    role: Role
    control_of: str | None
    loophole: bool
    interventions: Chain


@cache
def mechanisms() -> dict[str, type[Intervention]]:
    """File name -> the one mechanism that the file defines."""
    classes = {}
    for module in iter_modules(room.__path__):
        if module.name.endswith("_test") or module.name in ("chain", "base"):
            continue
        defined = import_module(f"{room.__name__}.{module.name}")
        for thing in vars(defined).values():
            if isinstance(thing, type) and issubclass(thing, Intervention):
                if thing.__module__ == defined.__name__:
                    assert module.name not in classes, f"{module.name} defines two mechanisms"
                    classes[module.name] = thing
    return classes


def parse(config: Mapping[str, Any]) -> Arm:
    """An arm from plain data; one clear line for an unknown key, value or pair of mechanisms."""
    if odd := sorted(set(config) ^ set(DEFINITION)):
        raise Refusal(f"arm.{odd[0]} is unknown or missing: an arm has {', '.join(DEFINITION)}")
    if config["role"] not in ROLES:
        choice = ", ".join(ROLES)
        raise Refusal(f"arm.role={config['role']!r} is unknown: choose one of {choice}")
    if (config["control_of"] is not None) != (config["role"] == "control"):
        raise Refusal(f"arm {config['name']}: role=control and control_of= belong together")
    parts = [_part(i, entry) for i, entry in enumerate(config["interventions"])]
    _refuse_incompatible(parts)
    return Arm(**{**config, "interventions": Chain(parts)})


def _part(i: int, entry: Mapping[str, Any]) -> Intervention:
    where = f"arm.interventions.{i}"
    settings = dict(entry)
    name = settings.pop("mechanism", None)
    if name not in mechanisms():
        choice = ", ".join(mechanisms())
        raise Refusal(f"{where}.mechanism={name!r} is unknown: choose one of {choice}")
    until = fitted(settings.pop("until", None), int | None, f"{where}.until")
    part = filled(mechanisms()[name], settings, where)
    if until is not None:
        _refuse_until(part, until, where)
        part.until = until
    return part


def _refuse_until(part: Intervention, until: int, where: str) -> None:
    if until < 1:
        raise Refusal(f"{where}.until={until}: expected a step, 1 or more")
    if Chain([part]).overrides(*ELSEWHERE):
        raise Refusal(
            f"{where}.until: {part.mechanism} acts on more than the optimizer's step: leave it out"
        )


def _refuse_incompatible(parts: list[Intervention]) -> None:
    names = [part.mechanism for part in parts]
    for name in names:
        if names.count(name) > 1:
            raise Refusal(f"{name} stands twice in arm.interventions: leave one of them out")
    for part in parts:
        for other in parts:
            if other is not part and other.mechanism in part.excludes:
                raise Refusal(
                    f"{part.mechanism} and {other.mechanism} do not go together: "
                    "leave one of them out of arm.interventions"
                )
