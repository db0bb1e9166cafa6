"""verl 0.9.1 on a machine without an accelerator.

The same trainer, FSDP2 over gloo, Ray's GPUs as mere counters. verl imports this module in every
process of a run (VERL_USE_EXTERNAL_MODULES) before it looks up the platform (VERL_PLATFORM=cpu).
"""

import types
from contextlib import contextmanager
from functools import wraps

import psutil
import torch
import torch.distributed as dist
from verl.plugin.platform.platform_base import PlatformBase
from verl.plugin.platform.platform_manager import PlatformRegistry


class _CpuIndex(str):
    """The device id: "cpu" where a tensor is moved to it, 0 where verl writes f"cpu:{id}"."""

    def __new__(cls):
        return super().__new__(cls, "cpu")

    def __format__(self, spec):
        return "0"


class _CpuModule(types.ModuleType):
    """torch.cpu, plus the memory calls of torch.cuda that verl makes whatever the device."""

    def __getattr__(self, name):
        return getattr(torch.cpu, name)


ZERO = ("memory_allocated", "memory_reserved")
NOTHING = (
    "empty_cache",
    "ipc_collect",
    "reset_peak_memory_stats",
    "reset_accumulated_memory_stats",
    "set_device",
    "synchronize",
    "manual_seed",
    "manual_seed_all",
    "set_per_process_memory_fraction",
)


def _resident_bytes(*_, **__) -> int:
    return psutil.Process().memory_info().rss


def _memory(*_) -> tuple[int, int]:
    """(bytes that are free, bytes in all)."""
    memory = psutil.virtual_memory()
    return memory.available, memory.total


def _device_module() -> _CpuModule:
    module = _CpuModule("projected_grpo_cpu")
    for name in ZERO:
        setattr(module, name, lambda *_, **__: 0)
    for name in NOTHING:
        setattr(module, name, lambda *_, **__: None)
    module.max_memory_allocated = module.max_memory_reserved = _resident_bytes
    module.is_available = lambda: True
    module.device_count = lambda: 1
    module.current_device = lambda: 0
    module.get_device_name = lambda *_: "CPU"
    module.mem_get_info = _memory
    module.get_rng_state, module.set_rng_state = torch.get_rng_state, torch.set_rng_state
    return module


@PlatformRegistry.register(platform="cpu")
class PlatformCPU(PlatformBase):
    device_name = "cpu"
    vendor_name = "cpu"
    device_module = _device_module()

    def is_available(self):
        return True

    def is_platform_available(self, use_smi_check=False):
        # Only by VERL_PLATFORM=cpu, never detected.
        return False

    def current_device(self):
        return _CpuIndex()

    def device_count(self):
        return 1

    def set_device(self, device_index):
        pass

    def synchronize(self, device_index=None):
        pass

    def manual_seed(self, seed):
        torch.manual_seed(seed)

    def manual_seed_all(self, seed):
        torch.manual_seed(seed)

    def set_allocator_settings(self, settings):
        pass

    def empty_cache(self):
        pass

    def get_device_capability(self, device_index=0):
        return None, None

    def communication_backend_name(self):
        return "gloo"

    def visible_devices_envvar(self):
        return "CUDA_VISIBLE_DEVICES"

    @contextmanager
    def nvtx_range(self, msg):
        yield

    def profiler_start(self):
        pass

    def profiler_stop(self):
        pass

    def ray_resource_name(self):
        return "GPU"

    def ray_resource_options(self, num_gpus):
        return {"num_gpus": num_gpus}

    def ray_noset_envvars(self):
        return []

    def is_ipc_supported(self):
        # Weights reach vLLM through shared memory.
        return False

    def cudart(self):
        return None


def patch_gloo() -> None:
    """Two places where verl 0.9.1 assumes an accelerator beside the CPU."""
    init_process_group, all_reduce = dist.init_process_group, dist.all_reduce

    @wraps(init_process_group)
    def init_once(backend=None, *args, **kwargs):
        # utils/distributed.py builds f"cpu:gloo,{device}:{backend}", which torch refuses.
        backend = "cpu:gloo" if backend == "cpu:gloo,cpu:gloo" else backend
        return init_process_group(backend, *args, **kwargs)

    @wraps(all_reduce)
    def all_reduce_avg(tensor, op=dist.ReduceOp.SUM, group=None, async_op=False):
        # gloo has no AVG, which TrainingWorker._postprocess_output uses.
        if op != dist.ReduceOp.AVG or tensor.device.type != "cpu":
            return all_reduce(tensor, op=op, group=group, async_op=async_op)
        assert not async_op
        all_reduce(tensor, op=dist.ReduceOp.SUM, group=group)
        tensor.div_(dist.get_world_size(group))

    dist.init_process_group, dist.all_reduce = init_once, all_reduce_avg


patch_gloo()
