"""The process that trains runs (launch.py), as train.py sees it."""

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from projected_grpo import console
from projected_grpo.runs import Run

LAUNCH = "projected_grpo.verl_ext.launch"
# of a config: what the processes that stay from a run to the next were made with
SHAPE = {
    "actor_rollout_ref": ("model", "rollout"),
    "algorithm": ("use_kl_in_reward",),
    "data": ("train_batch_size",),
    "trainer": ("device", "nnodes", "n_gpus_per_node"),
}
WHOLE = ("fast", "transfer_queue", "ray_kwargs")
# of rollout: given anew to vLLM, and to the agent loops
OF_ONE_RUN = {"seed": None, "trace": None}


def shape(config: dict) -> str:
    """Of a run's config: equal where one run can train in the other's processes."""
    parts = {name: config[name] for name in WHOLE}
    for group, names in SHAPE.items():
        parts |= {name: config[group][name] for name in names}
    parts["rollout"] = {**parts["rollout"], **OF_ONE_RUN}
    parts["use_kl_loss"] = config["actor_rollout_ref"]["actor"]["use_kl_loss"]
    return json.dumps(parts, sort_keys=True)


@dataclass
class TrainerProcess:
    """Started with the first run, and anew where a run has another shape than the one before.

    python: the executable that starts it.
    """

    python: Path | str
    popen: subprocess.Popen | None = None
    line: socket.socket | None = None
    shape: str | None = None

    def train(self, run: Run) -> int:
        """0, or the process's status where that ends."""
        wanted = shape(run.config)
        if wanted != self.shape:
            self.end()
            self._start()
            self.shape = wanted
        done = b""
        with suppress(ConnectionError):
            self.line.sendall(f"{run.path}\n".encode())
            done = self.line.recv(1)
        return 0 if done else self.popen.wait() or 1

    def _start(self) -> None:
        self.line, theirs = socket.socketpair()
        command = [self.python, "-m", LAUNCH]
        with theirs:
            self.popen = subprocess.Popen(command, stdin=theirs, **console.handed_on())

    def end(self) -> None:
        """Waits until all that it started has ended."""
        if self.popen:
            self.line.close()
            self.popen.wait()
        self.popen, self.shape = None, None


@contextmanager
def opened(python: Path | str) -> Iterator[TrainerProcess]:
    process = TrainerProcess(python)
    try:
        yield process
    except BaseException:
        if process.popen:
            process.popen.kill()
        raise
    finally:
        process.end()
