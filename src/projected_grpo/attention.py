"""Causal attention over packed sequences, each seeing only itself, as the transformers implementation `packed`.

transformers' own way to pack under sdpa is a dense [T T] mask: the work grows with the square of the batch, not of each sequence. Here a sequence
begins wherever its position is 0. On a GPU this is torch's varlen flash attention; on a CPU one sdpa call a sequence.
"""

from functools import lru_cache

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.attention.varlen import varlen_attn
from transformers import AttentionInterface

NAME = "packed"


@lru_cache(maxsize=1)  # the layers of one forward pass share one tensor of positions
def bounds(positions: Int[Tensor, "1 t"]) -> tuple[Int[Tensor, "m"], list[int]]:
    """Where the m - 1 sequences begin, and the end: on the positions' device as int32, and as a list."""
    starts = (positions[0] == 0).nonzero()[:, 0]
    assert starts.numel() and starts[0] == 0, "a packed batch begins with position 0"
    ends = torch.cat([starts, starts.new_tensor([positions.shape[1]])])
    return ends.int(), ends.tolist()


def packed_attention(
    module: nn.Module,
    query: Float[Tensor, "1 h t k"],
    key: Float[Tensor, "1 g t k"],
    value: Float[Tensor, "1 g t k"],
    attention_mask: None,
    *,
    position_ids: Int[Tensor, "1 t"],
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **_,
) -> tuple[Float[Tensor, "1 t h k"], None]:
    """transformers' attention interface. g key heads serve h query heads (g divides h)."""
    assert query.shape[0] == 1 and attention_mask is None and not dropout, "packed attention takes one packed row, no mask and no dropout"
    assert sliding_window is None, "packed attention has no sliding window: set attn_implementation=sdpa for this model"
    offsets, ends = bounds(position_ids)
    if query.is_cuda:
        longest = max(b - a for a, b in zip(ends, ends[1:]))
        q, k, v = (rearrange(x, "1 h t k -> t h k") for x in (query, key, value))
        out = varlen_attn(q, k, v, offsets, offsets, longest, longest, scale=scaling, window_size=(-1, 0))
        return out.unsqueeze(0), None
    parts = [
        nn.functional.scaled_dot_product_attention(*(x[:, :, a:b] for x in (query, key, value)), is_causal=True, scale=scaling, enable_gqa=True)
        for a, b in zip(ends, ends[1:])
    ]
    return rearrange(torch.cat(parts, 2), "1 h t k -> 1 t h k"), None


AttentionInterface.register(NAME, packed_attention)
