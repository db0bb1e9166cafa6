"""Causal attention over packed sequences, as the transformers implementation `packed`.

Each sequence sees only itself and the prompt it goes on from. transformers' own way to pack under
sdpa is a dense [T T] mask: the work grows with the square of the batch, not of each sequence.

Here positions say what sees what. A segment begins wherever the position does not follow the one
before. Position 0 opens a sequence; a segment that begins at p > 0 goes on after the first p tokens
of the last opened sequence, so that a prompt with many responses stands in the row once. On a GPU
this is torch's varlen flash attention; on a CPU one sdpa call a segment.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.attention.varlen import varlen_attn
from transformers import AttentionInterface, PreTrainedConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward

NAME = "packed"


class Segments(NamedTuple):
    """m segments of a row of t tokens, which look at u >= t keys.

    queries, keys: m + 1 bounds in the row and among the keys, in tokens. q_bounds, k_bounds: the
    same on the positions' device, int32. source: which token of the row each key is; None where
    nothing is shared and the keys are the row itself.
    """

    queries: list[int]
    keys: list[int]
    q_bounds: Int[Tensor, " n"]
    k_bounds: Int[Tensor, " n"]
    source: Int[Tensor, " u"] | None

    @property
    def longest(self) -> tuple[int, int]:
        """Most queries and most keys of a segment."""
        return _longest(self.queries), _longest(self.keys)


def _longest(bounds: list[int]) -> int:
    return max(b - a for a, b in zip(bounds, bounds[1:]))


# The layers of one forward pass share one tensor of positions.
@lru_cache(maxsize=1)
def segments(positions: Int[Tensor, "1 t"]) -> Segments:
    row = positions[0].tolist()
    assert row[0] == 0, "a packed batch begins with position 0"
    bounds = [i for i in range(len(row)) if i == 0 or row[i] != row[i - 1] + 1] + [len(row)]
    keys, seen, opened = [0], [], 0
    for a, b in zip(bounds, bounds[1:]):
        opened = a if row[a] == 0 else opened
        seen += [torch.arange(opened, opened + row[a]), torch.arange(a, b)]
        keys.append(keys[-1] + row[a] + b - a)
    device = positions.device
    return Segments(
        queries=bounds,
        keys=keys,
        q_bounds=torch.tensor(bounds, dtype=torch.int32, device=device),
        k_bounds=torch.tensor(keys, dtype=torch.int32, device=device),
        source=torch.cat(seen).to(device) if keys[-1] > len(row) else None,
    )


class _Repeat(torch.autograd.Function):
    """x[source], whose gradient sums a prompt's many uses in fp32.

    In bf16 sixteen uses would round sixteen times.
    """

    @staticmethod
    def forward(ctx, x, source):
        ctx.save_for_backward(source)
        ctx.rows = x.shape[0]
        return x[source]

    @staticmethod
    def backward(ctx, grad):
        (source,) = ctx.saved_tensors
        wide = torch.promote_types(grad.dtype, torch.float32)
        total = grad.new_zeros((ctx.rows, *grad.shape[1:]), dtype=wide)
        return total.index_add_(0, source, grad.to(wide)).to(grad.dtype), None


def packed_attention(
    module: nn.Module,
    query: Float[Tensor, "1 h t k"],
    key: Float[Tensor, "1 g t k"],
    value: Float[Tensor, "1 g t k"],
    attention_mask: None,
    *,
    position_ids: Int[Tensor, "1 t"] | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **_,
) -> tuple[Float[Tensor, "1 t h k"], None]:
    """transformers' attention interface. g key heads serve h query heads (g divides h)."""
    # A vision tower's attention sees whole images.
    if not module.is_causal:
        options = dict(dropout=dropout, scaling=scaling, is_causal=False)
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    assert query.shape[0] == 1 and attention_mask is None and not dropout, (
        "packed attention takes one packed row, no mask and no dropout"
    )
    assert sliding_window is None, (
        "packed attention has no sliding window: set attn_implementation=sdpa for this model"
    )
    parts = segments(position_ids)
    # Under autocast rotary leaves queries and keys in fp32.
    q = rearrange(query.to(value.dtype), "1 h t k -> t h k")
    k = rearrange(key.to(value.dtype), "1 g t k -> t g k")
    v = rearrange(value, "1 g t k -> t g k")
    if parts.source is not None:
        k, v = _Repeat.apply(k, parts.source), _Repeat.apply(v, parts.source)
    y = _on_gpu(q, k, v, parts, scaling) if query.is_cuda else _on_cpu(q, k, v, parts, scaling)
    return rearrange(y, "t h k -> 1 t h k"), None


def _on_gpu(
    q: Float[Tensor, "t h k"],
    k: Float[Tensor, "u g k"],
    v: Float[Tensor, "u g k"],
    parts: Segments,
    scale: float | None,
) -> Float[Tensor, "t h k"]:
    """The kernel's causal mask is aligned at a segment's last query and last key.

    That is what a continued sequence needs.
    """
    bounds = (parts.q_bounds, parts.k_bounds, *parts.longest)
    return varlen_attn(q, k, v, *bounds, scale=scale, window_size=(-1, 0))


def _on_cpu(
    q: Float[Tensor, "t h k"],
    k: Float[Tensor, "u g k"],
    v: Float[Tensor, "u g k"],
    parts: Segments,
    scale: float | None,
) -> Float[Tensor, "t h k"]:
    outputs = []
    queries, keys = zip(parts.queries, parts.queries[1:]), zip(parts.keys, parts.keys[1:])
    for (a, b), (c, d) in zip(queries, keys):
        segment = [rearrange(x, "t h k -> 1 h t k") for x in (q[a:b], k[c:d], v[c:d])]
        mask = dict(is_causal=True)
        # The prompt's keys come before the first query's own.
        if b - a < d - c:
            ones = torch.ones(b - a, d - c, dtype=torch.bool)
            mask = dict(attn_mask=ones.tril(d - c - (b - a)))
        y = nn.functional.scaled_dot_product_attention(
            *segment, **mask, scale=scale, enable_gqa=True
        )
        outputs.append(y)
    return rearrange(torch.cat(outputs, 2), "1 h t k -> t h k")


AttentionInterface.register(NAME, packed_attention)


def has_states(config: PreTrainedConfig) -> bool:
    """Whether some blocks carry a state along the row and not only attend.

    A row's sequences then share no prompt, and must be kept apart.
    """
    layer_types = getattr(config.get_text_config(), "layer_types", None) or ()
    return "linear_attention" in layer_types
