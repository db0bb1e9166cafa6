"""Where a trainer hands weights to its vLLM: a socket of these processes' own.

verl names it after Ray's job, and the first job of every local cluster has the same number: two
runs on one host once met on one socket, and both ended.
"""

import hashlib
import os

# The folder of the first run of these processes, which all of them have in their environment.
RUN_DIR = "PROJECTED_GRPO_RUN_DIR"


def own(handle: str) -> str:
    """verl's ipc:///tmp/rl-colocate-zmq-<job>-replica-<i>-rank-<j>.sock with the run in it.

    KeyError outside a run.
    """
    run = hashlib.sha256(os.environ[RUN_DIR].encode()).hexdigest()[:16]
    return handle.replace("rl-colocate-zmq-", f"projected-grpo-{run}-")
