"""The actor worker: verl's, with our engine registered in its process before any worker (the reference one comes first) is built."""

from verl.single_controller.base.decorator import Dispatch, register
from verl.workers.engine_workers import ActorRolloutRefWorker

import projected_grpo.verl_ext.engine  # noqa: F401  registers the engine wherever this class is unpickled
from projected_grpo.verl_ext import rendezvous


class ConstrainedActorWorker(ActorRolloutRefWorker):
    @register(dispatch_mode=Dispatch.ONE_TO_ALL)
    def init_model(self):
        super().init_model()
        if self.rollout is not None:
            self.rollout.zmq_handle = rendezvous.own(self.rollout.zmq_handle)
