"""Which weights are constrained: chosen by their role at the residual stream, from a model's parameter names.

A weight *reads* the residual stream (through a norm, whose γ belongs to the direction) or *writes* it. What a weight is
called is a fact about an architecture and stands in ARCHITECTURES, the one place to extend.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from projected_grpo.constraint import Side

KINDS = ("q", "k", "v", "o", "gate", "up", "down")


@dataclass(frozen=True)
class Target:
    """One weight: parameter name, index of its block, kind (one of KINDS), side, the norm before it (reads only)."""

    name: str
    layer: int
    kind: str
    side: Side
    norm: str | None


@dataclass(frozen=True)
class Architecture:
    """roles: module inside a block -> (kind, side, norm module); γ = stored norm weight + gamma_offset."""

    roles: dict[str, tuple[str, Side, str | None]]
    gamma_offset: float = 0.0


_LLAMA = Architecture(
    {
        "self_attn.q_proj": ("q", "reads", "input_layernorm"),
        "self_attn.k_proj": ("k", "reads", "input_layernorm"),
        "self_attn.v_proj": ("v", "reads", "input_layernorm"),
        "self_attn.o_proj": ("o", "writes", None),
        "mlp.gate_proj": ("gate", "reads", "post_attention_layernorm"),
        "mlp.up_proj": ("up", "reads", "post_attention_layernorm"),
        "mlp.down_proj": ("down", "writes", None),
    }
)
# keys: config.model_type. Qwen3's q_norm and k_norm act behind the projection, on the head's side: no part of a role.
ARCHITECTURES = {"llama": _LLAMA, "qwen2": _LLAMA, "qwen3": _LLAMA}


def architecture(model_type: str) -> Architecture:
    """The row of `config.model_type`; ValueError with what to add if there is none."""
    if model_type not in ARCHITECTURES:
        raise ValueError(
            f"architecture {model_type!r} is unknown (known: {', '.join(ARCHITECTURES)}): add its modules with kind, "
            "side and norm, and how it stores γ, to ARCHITECTURES in targets.py"
        )
    return ARCHITECTURES[model_type]


def gamma(norm_weight: Float[Tensor, "d"], model_type: str) -> Float[Tensor, "d"]:
    """The γ that RMSNorm multiplies by, from its stored weight (some architectures store γ - 1)."""
    return norm_weight + architecture(model_type).gamma_offset


def select(
    names: Iterable[str],
    model_type: str,
    layers: tuple[float, float] = (0.0, 1.0),
    kinds: Iterable[str] = KINDS,
) -> list[Target]:
    """Targets in the order of depth, then of the architecture's row.

    names: the model's parameter names (named_parameters or a state dict). layers: a band of depth, 0 to 1, that a
    block's middle must lie in. kinds: subset of KINDS. ValueError: unknown architecture or kind, a block without an
    expected weight (fused, renamed or wrapped by LoRA), nothing selected.
    """
    known, names, kinds = architecture(model_type), set(names), set(kinds)
    if unknown := kinds - set(KINDS):
        raise ValueError(f"unknown kinds {sorted(unknown)}: choose from {', '.join(KINDS)}")
    prefix, n = _blocks(names)
    targets = []
    for layer in (i for i in range(n) if layers[0] <= (i + 0.5) / n <= layers[1]):
        for module, (kind, side, norm) in known.roles.items():
            if kind in kinds:
                norm = norm and f"{prefix}{layer}.{norm}.weight"
                targets.append(Target(f"{prefix}{layer}.{module}.weight", layer, kind, side, norm))
    if not targets:
        raise ValueError(f"no {sorted(kinds)} lies in the depth band {layers} of {n} blocks: widen it")
    if missing := [name for t in targets for name in (t.name, t.norm) if name and name not in names]:
        raise ValueError(f"{model_type}: no parameter {missing[0]!r} (fused, renamed or LoRA-wrapped: no known role)")
    return targets


def _blocks(names: set[str]) -> tuple[str, int]:
    """("model.layers.", number of blocks) from names such as model.layers.3.mlp.up_proj.weight."""
    found = [match for name in names if (match := re.match(r"(.*?\blayers\.)(\d+)\.", name))]
    prefixes = {match[1] for match in found}
    if len(prefixes) != 1:
        raise ValueError(f"expected one stack of blocks named ...layers.<i>., found {sorted(prefixes)}")
    return prefixes.pop(), 1 + max(int(match[2]) for match in found)
