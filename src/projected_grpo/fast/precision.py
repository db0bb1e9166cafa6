"""What a machine computes in: bf16 where its matrix units take it, fp32 elsewhere.

A CPU without them multiplies bf16 five hundred times slower than fp32.
"""

import torch


def compute_dtype(device: str) -> torch.dtype:
    """device: "cpu", or an accelerator's name."""
    if device == "cpu" and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return torch.float32
    return torch.bfloat16


def name(dtype: torch.dtype) -> str:
    """As vLLM and verl spell them: bfloat16, float32."""
    return str(dtype).removeprefix("torch.")
