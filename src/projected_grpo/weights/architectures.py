"""What the modules of a block are called, and what each does at the residual stream.

A weight *reads* the residual stream through a norm or *writes* it. Where a norm stands between it
and the stream, that norm's γ belongs to the direction: before a reading weight always, behind a
writing one where the architecture has norms there (Gemma 2 and 3). ARCHITECTURES is the one place
to extend.
"""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from projected_grpo.cli import Refusal
from projected_grpo.weights.constraint import Side

# from qkv on: a gated delta-net's
PROJECTIONS = ("q", "k", "v", "o", "gate", "up", "down", "qkv", "z", "b", "a", "out")
# module inside a block -> (projection, side, norm module between it and the stream)
Roles = dict[str, tuple[str, Side, str | None]]


@dataclass(frozen=True)
class Architecture:
    """mixers: a block has one of them; mlp: every block's. γ = stored norm + gamma_offset."""

    mixers: tuple[Roles, ...]
    mlp: Roles
    gamma_offset: float = 0.0


def _attention(after: str | None = None) -> Roles:
    """after: the norm behind o_proj.

    q_norm and k_norm (Qwen3, Gemma 3) act behind the projection, on the head's side: no part of it.
    """
    roles: Roles = {}
    for name in "qkv":
        roles[f"self_attn.{name}_proj"] = (name, "reads", "input_layernorm")
    roles["self_attn.o_proj"] = ("o", "writes", after)
    return roles


def _mlp(before: str = "post_attention_layernorm", after: str | None = None) -> Roles:
    roles: Roles = {}
    for name in ("gate", "up"):
        roles[f"mlp.{name}_proj"] = (name, "reads", before)
    roles["mlp.down_proj"] = ("down", "writes", after)
    return roles


def _delta_net() -> Roles:
    """qkv feeds a convolution and heads, z the gate of the output's norm, b and a the decay."""
    roles: Roles = {}
    for name in ("qkv", "z", "b", "a"):
        roles[f"linear_attn.in_proj_{name}"] = (name, "reads", "input_layernorm")
    roles["linear_attn.out_proj"] = ("out", "writes", None)
    return roles


_LLAMA = Architecture((_attention(),), _mlp())
_QWEN3_5 = Architecture((_attention(), _delta_net()), _mlp(), gamma_offset=1.0)
_GEMMA = Architecture((_attention(),), _mlp(), gamma_offset=1.0)
_GEMMA2 = Architecture(
    (_attention("post_attention_layernorm"),),
    _mlp("pre_feedforward_layernorm", "post_feedforward_layernorm"),
    gamma_offset=1.0,
)
# keys: config.model_type
ARCHITECTURES = {
    "llama": _LLAMA,
    "qwen2": _LLAMA,
    "qwen3": _LLAMA,
    "qwen3_5": _QWEN3_5,
    "qwen3_5_text": _QWEN3_5,
    "gemma": _GEMMA,
    "gemma2": _GEMMA2,
    "gemma3_text": _GEMMA2,
}


def architecture(model_type: str) -> Architecture:
    """The row of `config.model_type`; Refusal with what to add if there is none."""
    if model_type not in ARCHITECTURES:
        raise Refusal(
            f"architecture {model_type!r} is unknown (known: {', '.join(ARCHITECTURES)}): "
            "add its modules with projection, side and norm, and how it stores γ, "
            "to ARCHITECTURES in weights/architectures.py"
        )
    return ARCHITECTURES[model_type]


def gamma(norm_weight: Float[Tensor, " d"], model_type: str) -> Float[Tensor, " d"]:
    """The γ that RMSNorm multiplies by, from its stored weight (Qwen3.5 and Gemma store γ - 1)."""
    return norm_weight + architecture(model_type).gamma_offset
