"""The actor worker: verl's, with our engine registered in its process before any worker (the reference one comes first) is built."""

import projected_grpo.verl_ext.engine  # noqa: F401  registers the engine wherever this class is unpickled
from verl.workers.engine_workers import ActorRolloutRefWorker


class ConstrainedActorWorker(ActorRolloutRefWorker):
    """Exists to be unpickled by its name in this module, whose import is what registers the engine."""
