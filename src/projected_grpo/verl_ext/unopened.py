"""What modules want to know of a GPU when they are imported, answered without opening CUDA.

A process that has opened it cannot be forked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import torch
from vllm.platforms import current_platform as gpu

# Bytes a block, by compute capability.
SHARED_MEMORY = {
    (8, 0): 166912,
    (8, 6): 101376,
    (8, 9): 101376,
    (9, 0): 232448,
    (10, 0): 232448,
    (12, 0): 101376,
}


@contextmanager
def imports() -> Iterator[None]:
    """Within, torch and Triton get the GPU's name and capability from NVML.

    verl's constants_ppo and vLLM's delta-net kernels want them at import; a capability not in the
    table gets the kernels' smallest blocks. PYTORCH_NVML_BASED_CUDA_CHECK=1 must be set before.
    """
    if not gpu.is_cuda():
        yield
        return
    from triton.runtime import driver

    own = torch.cuda.get_device_capability, torch.cuda.get_device_name
    capability = tuple(gpu.get_device_capability())
    torch.cuda.get_device_capability = lambda *_: capability
    torch.cuda.get_device_name = lambda *_: gpu.get_device_name()
    driver.set_active(_triton_driver(capability))
    yield
    torch.cuda.get_device_capability, torch.cuda.get_device_name = own
    # A process that needs the real one makes it.
    driver.set_active(None)


def _triton_driver(capability: tuple[int, int]) -> SimpleNamespace:
    """As much of Triton's driver as an import looks at."""
    from triton.backends.compiler import GPUTarget

    major, minor = capability

    def get_device_properties(_) -> dict[str, int]:
        return {"max_shared_mem": SHARED_MEMORY[capability]}

    return SimpleNamespace(
        get_current_target=lambda: GPUTarget("cuda", 10 * major + minor, 32),
        utils=SimpleNamespace(get_device_properties=get_device_properties),
    )
