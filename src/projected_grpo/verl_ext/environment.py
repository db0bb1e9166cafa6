"""Variables that verl, vLLM and Ray read when they are imported, for every process of a run."""

import os
from pathlib import Path

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "RAY_DEDUP_LOGS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # else Ray starts a Python process for every CPU that it counts
    "RAY_prestart_worker_first_driver": "0",
}
CPU = {
    "VERL_PLATFORM": "cpu",
    "VERL_USE_EXTERNAL_MODULES": "projected_grpo.verl_ext.platform_cpu",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "TORCHDYNAMO_DISABLE": "1",
    # lets the engine's process be its own worker (distributed_executor_backend: uni)
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    # Ray gives an actor one thread where nothing is set
    "OMP_NUM_THREADS": str(os.cpu_count()),
}
GPU = {
    # else flashinfer compiles its sampler for minutes
    "VLLM_USE_FLASHINFER_SAMPLER": "0",
    # what is left to the CPU are small tensors, for which a thread on every core takes longer to
    # wake than to work
    "OMP_NUM_THREADS": "1",
}


def prepare() -> str:
    """Sets what is not set already. Returns "gpu" or "cpu"."""
    # torch would know four seconds later
    visible = os.environ.get("CUDA_VISIBLE_DEVICES") != ""
    device = "gpu" if Path("/dev/nvidiactl").exists() and visible else "cpu"
    os.environ["PROJECTED_GRPO_DEVICE"] = device
    for key, value in {**QUIET, **(CPU if device == "cpu" else GPU)}.items():
        os.environ.setdefault(key, value)
    return device
