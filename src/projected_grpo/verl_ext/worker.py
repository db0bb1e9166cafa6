"""The actor worker: verl's, with our engine registered before any worker is built."""

import gc
from concurrent.futures import Future, ThreadPoolExecutor

from omegaconf import DictConfig
from transformers import set_seed
from verl.single_controller.base.decorator import Dispatch, register
from verl.utils.device import get_torch_device
from verl.workers.engine_workers import ActorRolloutRefWorker

# registers the engine wherever this class is unpickled; the reference worker comes first
import projected_grpo.verl_ext.engine  # noqa: F401
from projected_grpo.verl_ext import rendezvous


class ConstrainedActorWorker(ActorRolloutRefWorker):
    builder: ThreadPoolExecutor
    built: Future
    has_begun = False

    @register(dispatch_mode=Dispatch.ONE_TO_ALL)
    def init_model(self):
        """Begins in a thread and returns, so that vLLM starts beside the actor.

        vLLM's server asks this process where it is. `ready` waits for the model.
        """
        if not self.has_begun:
            # kept: torch keeps device guards in the thread that first needed them
            self.builder = ThreadPoolExecutor(1)
        self.built = self.builder.submit(self._build, get_torch_device().current_device())
        if "kv_cache_memory_bytes" not in self.config.rollout.engine_kwargs.vllm:
            # vLLM measures the GPU's free memory while it starts: meanwhile nothing may free any
            self.built.result()

    @register(dispatch_mode=Dispatch.ONE_TO_ALL)
    def begin_anew(self, config: DictConfig):
        """`init_model` for another run, once all of the last one's model is gone."""
        self.config, self.has_begun = config, True
        self.actor = self.ref = self.rollout = self.checkpoint_engine = self.loss_fn = None
        gc.collect()
        get_torch_device().empty_cache()
        self.init_model()

    def set_dispatch_collect(self, mesh_name: str, **ranks):
        """verl's, once: another run's ranks are the same."""
        if not self.has_begun:
            super().set_dispatch_collect(mesh_name, **ranks)

    @register(dispatch_mode=Dispatch.ONE_TO_ALL, blocking=False)
    async def update_weights(self, global_steps: int | None = None, mode: str = "auto"):
        """verl's; where vLLM stays awake nobody waits for the actor's free memory.

        verl gives it back at every sync, and to map it anew costs an update a fifth of a second.
        """
        device = get_torch_device()
        empty_cache = device.empty_cache
        if not self.config.rollout.free_cache_engine:
            device.empty_cache = lambda: None
        try:
            return await super().update_weights(global_steps, mode)
        finally:
            device.empty_cache = empty_cache

    def _build(self, device: int) -> None:
        get_torch_device().set_device(device)  # a thread begins with the first GPU
        # adapters are drawn
        set_seed(self.config.actor.fsdp_config.seed)
        super().init_model()
        if self.rollout is not None:
            self.rollout.zmq_handle = rendezvous.own(self.rollout.zmq_handle)

    @register(dispatch_mode=Dispatch.ONE_TO_ALL)
    def ready(self):
        """Waits until the model is made; raises what making it raised."""
        self.built.result()

    @register(dispatch_mode=Dispatch.ONE_TO_ALL)
    def end_of_step(self, step: int, rows):
        """A step's labelled rollouts for the arm's mechanisms."""
        self.actor.engine.end_of_step(step, rows)

    @register(dispatch_mode=Dispatch.ONE_TO_ALL)
    def will_save(self, contents: list[str]):
        """What the next checkpoint holds, of verl's checkpoint.save_contents."""
        self.actor.engine.checkpoint_manager.checkpoint_save_contents = contents
