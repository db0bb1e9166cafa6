"""Delta-net blocks on packed rows, whichever kernels there are.

One convolution a row instead of one a sequence, and for transformers' own torch code the rule that
verl needs.
"""

from collections.abc import Callable
from inspect import signature

from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn


def convolve(
    block: nn.Module,
    x: Float[Tensor, "1 d t"],
    bounds: Int[Tensor, " n"],
    bounds_cpu: Int[Tensor, " n"] | None = None,
) -> Float[Tensor, "1 d t"]:
    """The block's causal convolution and activation, which no sequence's end crosses, by fla.

    verl's own loops over the sequences, and the backward pass of each slice fills and adds a
    gradient of the whole row.
    """
    from fla.modules.convolution import causal_conv1d

    y, _ = causal_conv1d(
        rearrange(x, "1 d t -> 1 t d"),
        rearrange(block.conv1d.weight, "d 1 w -> d w"),
        block.conv1d.bias,
        activation=block.activation,
        cu_seqlens=bounds,
        cu_seqlens_cpu=bounds_cpu,
    )
    return rearrange(y, "1 t d -> 1 d t")


def prepare(model: nn.Module) -> None:
    """Makes every delta-net block of the model right on packed rows.

    fla's kernels take a row's bounds: they get the convolution above. transformers' torch code
    takes bounds and ignores them, so that verl would hand it the whole row and a sequence would
    begin in the state of the one before: it becomes a rule that does not take them, which verl
    calls once a sequence.
    """
    for module in model.modules():
        rule = getattr(module, "chunk_gated_delta_rule", None)
        if rule is None:
            continue
        if "cu_seqlens" in signature(rule).parameters:
            from verl.models.transformers import qwen3_5

            qwen3_5._packed_causal_conv1d_fallback = convolve
        else:
            module.chunk_gated_delta_rule = _without_bounds(rule)


def _without_bounds(rule: Callable) -> Callable:
    """The rule with a signature that verl reads as one sequence a call."""

    def one_sequence(
        q, k, v, g, beta, initial_state, output_final_state, use_qk_l2norm_in_kernel
    ) -> tuple:
        return rule(
            q,
            k,
            v,
            g=g,
            beta=beta,
            initial_state=initial_state,
            output_final_state=output_final_state,
            use_qk_l2norm_in_kernel=use_qk_l2norm_in_kernel,
        )

    return one_sequence
