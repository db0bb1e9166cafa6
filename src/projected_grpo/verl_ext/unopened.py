"""What modules ask of a GPU when they are imported, answered without opening CUDA: a process that has opened it cannot be forked."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import torch
from vllm.platforms import current_platform as gpu

SHARED_MEMORY = {
    (8, 0): 166912,
    (8, 6): 101376,
    (8, 9): 101376,
    (9, 0): 232448,
    (10, 0): 232448,
    (12, 0): 101376,
}  # bytes a block, by compute capability


@contextmanager
def imports() -> Iterator[None]:
    """Within, torch and Triton are told the GPU's name and capability by NVML. verl's constants_ppo and vLLM's delta-net kernels ask at import; a capability not in
    the table gets the kernels' smallest blocks. PYTORCH_NVML_BASED_CUDA_CHECK=1 must be set before."""
    if not gpu.is_cuda():
        yield
        return
    from triton.backends.compiler import GPUTarget
    from triton.runtime import driver

    capability = tuple(gpu.get_device_capability())
    told = SimpleNamespace(
        get_current_target=lambda: GPUTarget("cuda", 10 * capability[0] + capability[1], 32),
        utils=SimpleNamespace(
            get_device_properties=lambda _: {"max_shared_mem": SHARED_MEMORY[capability]}
        ),
    )
    asked = torch.cuda.get_device_capability, torch.cuda.get_device_name
    torch.cuda.get_device_capability, torch.cuda.get_device_name = (
        lambda *_: capability,
        lambda *_: gpu.get_device_name(),
    )
    driver.set_active(told)
    yield
    torch.cuda.get_device_capability, torch.cuda.get_device_name = asked
    driver.set_active(None)  # a process that needs the real one makes it
