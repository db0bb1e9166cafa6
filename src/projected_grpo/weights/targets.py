"""Which weights are constrained: chosen by their role at the residual stream, from a model's
parameters.

A matrix of a block that has no role there is refused, not left free.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from projected_grpo.cli import Refusal
from projected_grpo.weights import lora
from projected_grpo.weights.architectures import (
    ARCHITECTURES,
    PROJECTIONS,
    Architecture,
    Roles,
    architecture,
    gamma,
)
from projected_grpo.weights.constraint import Side

__all__ = [
    "ARCHITECTURES",
    "PROJECTIONS",
    "Target",
    "architecture",
    "block",
    "check",
    "gamma",
    "moving",
    "parameters",
    "select",
]


@dataclass(frozen=True)
class Target:
    """One weight: its parameter's name, its block, projection (one of PROJECTIONS) and side.

    norm: the norm between it and the residual stream, None where there is none.
    """

    name: str
    layer: int
    projection: str
    side: Side
    norm: str | None


def check(model_type: str, layers: tuple[float, float], projections: Iterable[str]) -> None:
    """Refusal for what selects nothing in any model of this architecture, however deep it is."""
    row = architecture(model_type)
    if unknown := set(projections) - set(PROJECTIONS):
        known = ", ".join(PROJECTIONS)
        raise Refusal(f"unknown projections {sorted(unknown)}: choose from {known}")
    roles = [role for part in (*row.mixers, row.mlp) for role in part.values()]
    there = {projection for projection, _, _ in roles}
    if not there & set(projections):
        known = ", ".join(sorted(there))
        raise Refusal(f"{model_type} has none of projections={list(projections)}: it has {known}")
    if not 0 <= layers[0] <= layers[1] <= 1:
        raise Refusal(f"layers={list(layers)}: expected a band of depth, from 0 to 1")


def select(
    params: Mapping[str, Tensor],
    model_type: str,
    layers: tuple[float, float] = (0.0, 1.0),
    projections: Iterable[str] = PROJECTIONS,
) -> list[Target]:
    """Targets in the order of depth, then of the architecture's row.

    params: a model's named parameters, LoRA's names taken off (`lora.base_name`).
    layers: a band of depth, 0 to 1, that a block's middle must lie in.
    projections: subset of PROJECTIONS; those that the architecture lacks select nothing.
    Refusal: as `check`. ValueError: a block without an expected weight (fused or renamed), a matrix
    in a block that has no role, nothing selected.
    """
    check(model_type, layers, projections)
    row, wanted = architecture(model_type), set(projections)
    prefix, n = _blocks(params)
    inside = [i for i in range(n) if layers[0] <= (i + 0.5) / n <= layers[1]]
    targets = []
    for layer in inside:
        block = f"{prefix}{layer}."
        for module, role in _roles(row, block, params, model_type).items():
            projection, side, norm = role
            if projection in wanted:
                norm = norm and f"{block}{norm}.weight"
                targets.append(Target(f"{block}{module}.weight", layer, projection, side, norm))
    if not targets:
        raise ValueError(
            f"no {sorted(wanted)} lies in the depth band {layers} of {n} blocks: widen it"
        )
    return targets


def moving(
    params: Mapping[str, Tensor],
    model_type: str,
    layers: tuple[float, float] = (0.0, 1.0),
    projections: Iterable[str] = PROJECTIONS,
) -> list[tuple[Target, nn.Parameter, nn.Parameter | None]]:
    """(target, what moves of it on the residual side, the other factor) as `select` has them.

    What moves is the weight itself, or under LoRA a factor: a weight without factors is frozen then
    and left out. Refusal where none is left.
    """
    adapted = any(".lora_" in name for name in params)
    chosen = []
    for target in select(params, model_type, layers, projections):
        pair = lora.factors(params, target.name, target.side)
        if pair:
            chosen.append((target, *pair))
        elif not adapted:
            chosen.append((target, params[target.name], None))
    if not chosen:
        raise Refusal(
            "no adapter stands on a targeted weight: "
            "widen model.target_modules, projections or layers"
        )
    return chosen


def parameters(
    module: nn.Module,
    model_type: str,
    layers: tuple[float, float] = (0.0, 1.0),
    projections: Iterable[str] = PROJECTIONS,
) -> list[nn.Parameter]:
    """All that moves of a module's targets: the weights, or under LoRA both factors."""
    params = {lora.base_name(name): p for name, p in module.named_parameters()}
    found = []
    for _target, near, far in moving(params, model_type, layers, projections):
        found += [near] if far is None else [near, far]
    return found


def block(module: nn.Module, layer: int) -> nn.Module:
    """The block of this index, under whatever peft or FSDP put around the model."""
    for name, part in module.named_modules():
        if re.search(rf"(^|\.)layers\.{layer}$", name):
            return part
    raise ValueError(f"no block ...layers.{layer} in {type(module).__name__}")


def _roles(row: Architecture, block: str, params: Mapping[str, Tensor], model_type: str) -> Roles:
    """The roles of one block, after every one of its matrices has been found to have one."""
    roles = _mixer(row, block, params) | row.mlp
    expected = set()
    for module, (_, _, norm) in roles.items():
        expected.add(f"{block}{module}.weight")
        if norm:
            expected.add(f"{block}{norm}.weight")
    if missing := sorted(expected - set(params)):
        raise ValueError(
            f"{model_type}: no parameter {missing[0]!r} (fused or renamed: no known role)"
        )
    for name, p in params.items():
        in_block = name.startswith(block) and ".lora_" not in name
        if in_block and p.ndim == 2 and name not in expected:
            raise ValueError(
                f"{model_type}: {name!r} has no role, it would move freely: "
                "add it to ARCHITECTURES in weights/architectures.py"
            )
    return roles


def _mixer(row: Architecture, block: str, params: Mapping[str, Tensor]) -> Roles:
    """The mixer that this block has, the first where it has none of them."""
    for mixer in row.mixers:
        if any(f"{block}{module}.weight" in params for module in mixer):
            return mixer
    return row.mixers[0]


def _blocks(names: Iterable[str]) -> tuple[str, int]:
    """("model.layers.", number of blocks) from names such as model.layers.3.mlp.up_proj.weight."""
    numbers: dict[str, set[int]] = {}
    for name in names:
        if match := re.match(r"(.*?\blayers\.)(\d+)\.", name):
            numbers.setdefault(match[1], set()).add(int(match[2]))
    if len(numbers) != 1:
        raise ValueError(
            f"expected one stack of blocks named ...layers.<i>., found {sorted(numbers)}"
        )
    ((prefix, blocks),) = numbers.items()
    return prefix, 1 + max(blocks)
