"""Causal attention over packed sequences, each seeing only itself and the prompt it goes on from, as the transformers implementation `packed`.

transformers' own way to pack under sdpa is a dense [T T] mask: the work grows with the square of the batch, not of each sequence. Here positions say
what sees what. A segment begins wherever the position does not follow the one before. Position 0 opens a sequence; a segment that begins at p > 0
goes on after the first p tokens of the last opened sequence, so that a prompt with many responses stands in the row once. On a GPU this is torch's
varlen flash attention; on a CPU one sdpa call a segment.
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
    """m segments of a row of t tokens, which look at u >= t keys. Bounds count tokens; those on the positions' device are int32."""

    queries: list[int]  # m + 1 bounds in the row
    keys: list[int]  # m + 1 bounds among the keys
    q_bounds: Int[Tensor, " n"]
    k_bounds: Int[Tensor, " n"]
    source: (
        Int[Tensor, " u"] | None
    )  # which token of the row each key is; None where nothing is shared and the keys are the row itself

    @property
    def longest(self) -> tuple[int, int]:
        """Most queries and most keys of a segment."""
        return tuple(max(b - a for a, b in zip(x, x[1:])) for x in (self.queries, self.keys))


@lru_cache(maxsize=1)  # the layers of one forward pass share one tensor of positions
def segments(positions: Int[Tensor, "1 t"]) -> Segments:
    row = positions[0].tolist()
    assert row[0] == 0, "a packed batch begins with position 0"
    ends = [i for i in range(len(row)) if i == 0 or row[i] != row[i - 1] + 1] + [len(row)]
    keys, seen, opened = [0], [], 0
    for a, b in zip(ends, ends[1:]):
        opened = a if row[a] == 0 else opened
        seen += [torch.arange(opened, opened + row[a]), torch.arange(a, b)]
        keys.append(keys[-1] + row[a] + b - a)
    source = torch.cat(seen).to(positions.device) if keys[-1] > len(row) else None
    return Segments(
        ends,
        keys,
        *(torch.tensor(x, dtype=torch.int32, device=positions.device) for x in (ends, keys)),
        source,
    )


class _Repeat(torch.autograd.Function):
    """x[source], whose gradient sums a prompt's many uses in fp32: in bf16 sixteen uses would round sixteen times."""

    @staticmethod
    def forward(ctx, x, source):
        ctx.save_for_backward(source)
        ctx.rows = x.shape[0]
        return x[source]

    @staticmethod
    def backward(ctx, grad):
        (source,) = ctx.saved_tensors
        total = grad.new_zeros(
            (ctx.rows, *grad.shape[1:]), dtype=torch.promote_types(grad.dtype, torch.float32)
        )
        return total.index_add_(0, source, grad.to(total.dtype)).to(grad.dtype), None


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
    if not module.is_causal:  # a vision tower's, which sees whole images
        return sdpa_attention_forward(
            module,
            query,
            key,
            value,
            attention_mask,
            dropout=dropout,
            scaling=scaling,
            is_causal=False,
        )
    assert query.shape[0] == 1 and attention_mask is None and not dropout, (
        "packed attention takes one packed row, no mask and no dropout"
    )
    assert sliding_window is None, (
        "packed attention has no sliding window: set attn_implementation=sdpa for this model"
    )
    found = segments(position_ids)
    q, k, v = (
        rearrange(x.to(value.dtype), "1 h t k -> t h k") for x in (query, key, value)
    )  # under autocast rotary leaves queries and keys in fp32
    if found.source is not None:
        k, v = _Repeat.apply(k, found.source), _Repeat.apply(v, found.source)
    if query.is_cuda:  # its causal mask is aligned at the last query and the last key, as a continued sequence needs
        return varlen_attn(
            q,
            k,
            v,
            found.q_bounds,
            found.k_bounds,
            *found.longest,
            scale=scaling,
            window_size=(-1, 0),
        ).unsqueeze(0), None
    parts = []
    for a, b, c, d in zip(found.queries, found.queries[1:], found.keys, found.keys[1:]):
        one = (rearrange(x, "t h k -> 1 h t k") for x in (q[a:b], k[c:d], v[c:d]))
        mask = (
            dict(is_causal=True)
            if b - a == d - c
            else dict(attn_mask=torch.ones(b - a, d - c, dtype=torch.bool).tril(d - c - (b - a)))
        )
        parts.append(
            nn.functional.scaled_dot_product_attention(*one, **mask, scale=scaling, enable_gqa=True)
        )
    return rearrange(torch.cat(parts, 2), "1 h t k -> 1 t h k"), None


AttentionInterface.register(NAME, packed_attention)


def has_states(config: PreTrainedConfig) -> bool:
    """Whether some blocks carry a state along the row and not only attend: a row's sequences then share no prompt, and must be kept apart."""
    return "linear_attention" in (getattr(config.get_text_config(), "layer_types", None) or ())
