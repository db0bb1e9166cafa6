"""A command on several processes, one a GPU."""

import os
import sys
from collections.abc import Sequence


def launch(module: str, ranks: int, argv: Sequence[str]) -> None:
    """Goes on as torchrun, which starts `module` so many times; returns in what it started."""
    if "RANK" in os.environ:
        return
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={ranks}"]
    os.execv(sys.executable, [sys.executable, *torchrun, "-m", module, *argv])
