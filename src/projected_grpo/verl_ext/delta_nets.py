"""Delta-net blocks on packed rows: what verl gives transformers' own torch code, and one convolution a row instead of one a sequence."""

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
    """The block's causal convolution and activation, which no sequence's end crosses, by fla's kernel. verl's own loops over the sequences, and the backward pass of each
    slice fills and adds a gradient of the whole row."""
    from fla.modules.convolution import causal_conv1d

    weight = rearrange(block.conv1d.weight, "d 1 w -> d w")
    y, _ = causal_conv1d(
        rearrange(x, "1 d t -> 1 t d"),
        weight,
        block.conv1d.bias,
        activation=block.activation,
        cu_seqlens=bounds,
        cu_seqlens_cpu=bounds_cpu,
    )
    return rearrange(y, "1 t d -> 1 d t")


def prepare(model: nn.Module) -> None:
    """With fla's kernels, which take a row's bounds: the convolution above. With transformers' torch code, which takes bounds and ignores them, so that verl hands it
    the whole row and a sequence begins in the state of the one before: a rule that does not take them, which verl calls once a sequence."""
    for module in model.modules():
        rule = getattr(module, "chunk_gated_delta_rule", None)
        if rule is None:
            continue
        if "cu_seqlens" in signature(rule).parameters:
            from verl.models.transformers import qwen3_5

            qwen3_5._packed_causal_conv1d_fallback = convolve
        else:
            module.chunk_gated_delta_rule = (
                lambda q, k, v, g, beta, initial_state, output_final_state, use_qk_l2norm_in_kernel, rule=rule: (
                    rule(
                        q,
                        k,
                        v,
                        g=g,
                        beta=beta,
                        initial_state=initial_state,
                        output_final_state=output_final_state,
                        use_qk_l2norm_in_kernel=use_qk_l2norm_in_kernel,
                    )
                )
            )
