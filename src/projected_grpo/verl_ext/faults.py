"""Faults of a machine or of the numbers, each as the one line that a run ends with."""

import errno
import shutil
from pathlib import Path

import ray
import torch
from ray.exceptions import RayActorError, RayTaskError

# What torch and vLLM say where a GPU, or the disk, has no room.
NO_MEMORY = ("out of memory", "less than desired GPU memory", "No available memory for the cache")
NO_DISK = (
    "No space left on device",
    "PytorchStreamWriter failed",
    "unexpected pos",
    "iostream error",
)
# Of an actor that was ended on purpose.
ON_PURPOSE = ("ray.kill", "references", "exit_actor")


class NotFinite(FloatingPointError):
    """A gradient with NaN or infinity in it."""


def line(error: BaseException, run: Path) -> str | None:
    """What happened and the remedy; None for an error that is none of these.

    run: a folder on the disk that was written to.
    """
    # an error in a Ray actor arrives wrapped
    cause = error.cause if isinstance(error, RayTaskError) else error
    said = str(cause)
    if isinstance(cause, NotFinite):
        return f"{said}: lower actor_rollout_ref.actor.optim.lr, or go on from an earlier state"
    if getattr(cause, "errno", None) == errno.ENOSPC or any(sign in said for sign in NO_DISK):
        free = shutil.disk_usage(run).free
        return (
            f"{run} could not be written, {free / 1e9:.1f} GB are free: make room and give the "
            "same command again"
        )
    if isinstance(cause, torch.OutOfMemoryError) or any(sign in said for sign in NO_MEMORY):
        return (
            "the GPU's memory did not do: lower "
            "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu or "
            "actor_rollout_ref.rollout.gpu_memory_utilization, or run fewer at once"
        )
    if isinstance(cause, RayActorError):
        return lost("a Ray actor")
    return None


def lost(name: str) -> str:
    return f"{name} was lost, killed or out of memory: give the same command again"


def lost_actor() -> str | None:
    """The class of an actor of this run that ended by itself, None where all are at work.

    Where vLLM or a reward worker is gone verl waits for it until limits.step_s.
    """
    job = ray.get_runtime_context().job_id
    for actor in ray._private.state.actors(job_id=job, actor_state_name="DEAD").values():
        if not any(sign in str(actor["DeathCause"]) for sign in ON_PURPOSE):
            return actor["ActorClassName"]
    return None
