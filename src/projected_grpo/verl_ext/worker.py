"""The custom actor worker: verl's, with our engine registered in its process before any worker (the reference one comes first) is built."""

import projected_grpo.verl_ext.engine  # noqa: F401  registers the engine wherever this class is unpickled
from verl.workers.engine_workers import ActorRolloutRefWorker, TrainingWorker


class ConstrainedTrainingWorker(TrainingWorker):
    """Named so that logs and process lists say which worker ran; the constraint itself sits in the engine's optimizer step."""


class ConstrainedActorWorker(ActorRolloutRefWorker):
    actor_worker_cls = ConstrainedTrainingWorker
