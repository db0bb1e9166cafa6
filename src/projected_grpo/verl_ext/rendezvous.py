"""Where a run's trainer hands weights to its vLLM: a socket of the run's own.

verl names it after Ray's job, and the first job of every local cluster has the same number: two
runs on one host once met on one socket, and both ended.
"""

import hashlib
import os

# The run's folder, handed down to all its processes by the environment.
RUN_DIR = "PROJECTED_GRPO_RUN_DIR"
# How many steps the run had taken when these processes started.
FIRST_SYNC = "PROJECTED_GRPO_FIRST_SYNC"


def own(handle: str) -> str:
    """verl's ipc:///tmp/rl-colocate-zmq-<job>-replica-<i>-rank-<j>.sock with the run in it.

    KeyError outside a run.
    """
    run = hashlib.sha256(os.environ[RUN_DIR].encode()).hexdigest()[:16]
    return handle.replace("rl-colocate-zmq-", f"projected-grpo-{run}-")
