"""Which weights are constrained: chosen by their role at the residual stream, from a model's named parameters.

    python -m projected_grpo.weights.targets MODEL [v_hack=FOLDER] [m=32] [select=alignment]     prints every target

A weight *reads* the residual stream through a norm or *writes* it, and where a norm stands between it and the stream, that norm's γ belongs to the
direction: before a reading weight always, behind a writing one where the architecture has norms there (Gemma 2 and 3). What modules are called is a
fact about an architecture and stands in ARCHITECTURES, the one place to extend; a matrix of a block that has no role there is refused, not left free.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jaxtyping import Float
from tabulate import tabulate
from torch import Tensor

from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.weights.constraint import Side

KINDS = (
    "q",
    "k",
    "v",
    "o",
    "gate",
    "up",
    "down",
    "qkv",
    "z",
    "b",
    "a",
    "out",
)  # from qkv on: a gated delta-net's
Roles = dict[
    str, tuple[str, Side, str | None]
]  # module inside a block -> (kind, side, norm module between it and the stream)


@dataclass(frozen=True)
class Target:
    """One weight: parameter name, index of its block, kind (one of KINDS), side, the norm between it and the residual stream."""

    name: str
    layer: int
    kind: str
    side: Side
    norm: str | None


@dataclass(frozen=True)
class Architecture:
    """mixers: a block has one of them, whole; mlp: every block's. γ = stored norm weight + gamma_offset."""

    mixers: tuple[Roles, ...]
    mlp: Roles
    gamma_offset: float = 0.0


def _attention(after: str | None = None) -> Roles:
    """q_norm and k_norm (Qwen3, Gemma 3) act behind the projection, on the head's side: no part of a role. after: the norm behind o_proj."""
    reads: Roles = {f"self_attn.{kind}_proj": (kind, "reads", "input_layernorm") for kind in "qkv"}
    return reads | {"self_attn.o_proj": ("o", "writes", after)}


def _mlp(before: str = "post_attention_layernorm", after: str | None = None) -> Roles:
    reads: Roles = {f"mlp.{kind}_proj": (kind, "reads", before) for kind in ("gate", "up")}
    return reads | {"mlp.down_proj": ("down", "writes", after)}


# in_proj_qkv feeds a convolution and heads, z the gate of the output's norm, b and a the decay: all read what input_layernorm gives
_DELTA_NET: Roles = {
    f"linear_attn.in_proj_{kind}": (kind, "reads", "input_layernorm")
    for kind in ("qkv", "z", "b", "a")
} | {"linear_attn.out_proj": ("out", "writes", None)}
_LLAMA = Architecture((_attention(),), _mlp())
_QWEN3_5 = Architecture((_attention(), _DELTA_NET), _mlp(), gamma_offset=1.0)
_GEMMA2 = Architecture(
    (_attention("post_attention_layernorm"),),
    _mlp("pre_feedforward_layernorm", "post_feedforward_layernorm"),
    gamma_offset=1.0,
)
ARCHITECTURES = {  # keys: config.model_type
    "llama": _LLAMA,
    "qwen2": _LLAMA,
    "qwen3": _LLAMA,
    "qwen3_5": _QWEN3_5,
    "qwen3_5_text": _QWEN3_5,
    "gemma": Architecture((_attention(),), _mlp(), gamma_offset=1.0),
    "gemma2": _GEMMA2,
    "gemma3_text": _GEMMA2,
}


def architecture(model_type: str) -> Architecture:
    """The row of `config.model_type`; ValueError with what to add if there is none."""
    if model_type not in ARCHITECTURES:
        raise ValueError(
            f"architecture {model_type!r} is unknown (known: {', '.join(ARCHITECTURES)}): add its modules with kind, "
            "side and norm, and how it stores γ, to ARCHITECTURES in targets.py"
        )
    return ARCHITECTURES[model_type]


def gamma(norm_weight: Float[Tensor, " d"], model_type: str) -> Float[Tensor, " d"]:
    """The γ that RMSNorm multiplies by, from its stored weight (Qwen3.5 and Gemma store γ - 1)."""
    return norm_weight + architecture(model_type).gamma_offset


def select(
    params: Mapping[str, Tensor],
    model_type: str,
    layers: tuple[float, float] = (0.0, 1.0),
    kinds: Iterable[str] = KINDS,
) -> list[Target]:
    """Targets in the order of depth, then of the architecture's row.

    params: a model's named parameters, LoRA's names taken off (`lora.plain`). layers: a band of depth, 0 to 1, that a block's middle must lie in.
    kinds: subset of KINDS; those that the architecture lacks select nothing. ValueError: unknown architecture or kind, a block without an expected
    weight (fused or renamed), a matrix in a block that has no role, nothing selected.
    """
    known, kinds = architecture(model_type), set(kinds)
    if unknown := kinds - set(KINDS):
        raise ValueError(f"unknown kinds {sorted(unknown)}: choose from {', '.join(KINDS)}")
    prefix, n = _blocks(params)
    targets = []
    for layer in (i for i in range(n) if layers[0] <= (i + 0.5) / n <= layers[1]):
        block = f"{prefix}{layer}."
        for module, (kind, side, norm) in _roles(known, block, params, model_type).items():
            if kind in kinds:
                targets.append(
                    Target(
                        f"{block}{module}.weight",
                        layer,
                        kind,
                        side,
                        norm and f"{block}{norm}.weight",
                    )
                )
    if not targets:
        raise ValueError(
            f"no {sorted(kinds)} lies in the depth band {layers} of {n} blocks: widen it"
        )
    return targets


def _roles(known: Architecture, block: str, params: Mapping[str, Tensor], model_type: str) -> Roles:
    """The roles of one block, after every one of its matrices has been found to have one."""
    mixers = [
        mixer
        for mixer in known.mixers
        if any(f"{block}{module}.weight" in params for module in mixer)
    ]
    roles = (mixers or known.mixers)[0] | known.mlp
    expected = {
        f"{block}{name}.weight"
        for module, (_, _, norm) in roles.items()
        for name in (module, norm)
        if name
    }
    if missing := sorted(expected - set(params)):
        raise ValueError(
            f"{model_type}: no parameter {missing[0]!r} (fused or renamed: no known role)"
        )
    matrices = {
        name
        for name, p in params.items()
        if name.startswith(block) and p.ndim == 2 and ".lora_" not in name
    }
    if odd := sorted(matrices - expected):
        raise ValueError(
            f"{model_type}: {odd[0]!r} has no role, it would move freely: add it to ARCHITECTURES in targets.py"
        )
    return roles


def _blocks(names: Iterable[str]) -> tuple[str, int]:
    """("model.layers.", number of blocks) from names such as model.layers.3.mlp.up_proj.weight."""
    found = [match for name in names if (match := re.match(r"(.*?\blayers\.)(\d+)\.", name))]
    prefixes = {match[1] for match in found}
    if len(prefixes) != 1:
        raise ValueError(
            f"expected one stack of blocks named ...layers.<i>., found {sorted(prefixes)}"
        )
    return prefixes.pop(), 1 + max(int(match[2]) for match in found)


def main(argv: list[str]) -> None:
    """Prints every target of a model with its side, norm, shape, cos α and the chance level of cos α."""
    import torch

    from projected_grpo import models
    from projected_grpo.directions import activations
    from projected_grpo.directions.files import read_direction
    from projected_grpo.interventions import arms, constrain, diagnostics
    from projected_grpo.weights import spectra

    model, options = arguments(
        argv, "MODEL", {"v_hack": "", "m": "32", "select": "alignment", "layers": "0,1"}
    )
    if model is None or options["select"] not in ("alignment", "value", "random"):
        raise Refusal(
            "just targets MODEL [v_hack=FOLDER] [m=32] [select=alignment|value|random] [layers=0,1]"
        )
    module, _ = activations.load_model(models.resolve(model), "cpu")
    config = module.config.get_text_config()
    v = torch.nn.functional.normalize(
        torch.randn(config.hidden_size, generator=torch.Generator().manual_seed(0)), dim=0
    )
    if options["v_hack"]:
        v = read_direction(Path(options["v_hack"]), d=config.hidden_size).v
    m, band = (
        whole_number("m", options["m"], 1),
        tuple(float(x) for x in options["layers"].split(",")),
    )
    arm = arms.Arm(
        "targets", True, "measure", "real", 0, options["select"], "span", m, band, KINDS, leak=False
    )
    hook = constrain.Enforcer(module, module.config.model_type, arm, v, spectra.cached)
    print(
        f"{model}: {len(hook.guarded)} weights; cos α of {options['v_hack'] or 'a random direction (no v_hack given)'}, m {m} by {arm.select}"
    )
    table = diagnostics.table(hook)
    print(tabulate(table.rows(), table.columns, floatfmt=".3f"))


if __name__ == "__main__":
    main(sys.argv[1:])
