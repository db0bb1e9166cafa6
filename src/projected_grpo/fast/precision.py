"""What a machine computes in: bf16 where its matrix units take it, fp32 elsewhere. A CPU without them multiplies bf16 five hundred times slower than fp32."""

import torch


def compute_dtype(device: str) -> torch.dtype:
    """device: "cpu", or an accelerator's name."""
    return (
        torch.float32
        if device == "cpu" and not torch.ops.mkldnn._is_mkldnn_bf16_supported()
        else torch.bfloat16
    )


def name(dtype: torch.dtype) -> str:
    """ "bfloat16" or "float32", as vLLM and verl spell them."""
    return str(dtype).removeprefix("torch.")
