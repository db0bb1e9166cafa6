"""verl's synchronous trainer with our actor worker, in new processes or in another run's."""

from pathlib import Path

import ray
from verl.experimental.reward_loop import RewardLoopManager
from verl.trainer.ppo.utils import Role
from verl.trainer.ppo.v1.trainer_base import register_trainer
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync

from projected_grpo import runs
from projected_grpo.verl_ext.worker import ConstrainedActorWorker

# what a trainer has of the one before
LASTING = (
    "ref_in_actor",
    "actor_rollout_wg",
    "llm_server_manager",
    "checkpoint_manager",
    "teacher_model_manager",
    "distillation_config",
)


@register_trainer("stock")
class StockTrainer(PPOTrainerSync):
    """verl's own, with our worker: what a benchmark compares with.

    The worker's engine is verl's bit for bit where nothing is asked of it.
    """

    def __init__(self, config):
        # the base class compares the mode's name with "sync"
        config.trainer.v1.trainer_mode = "sync"
        super().__init__(config)

    def take_over(self, before: "StockTrainer") -> None:
        """`init`, in the processes that another run of the same shape has left.

        They are those that take long to start: the actor's and vLLM's.
        """
        self._init_tokenizer()
        self._init_dataloader()
        self._init_dump_executor()
        self._init_resource_pool_mgr()
        for name in LASTING:
            setattr(self, name, getattr(before, name))
        if self.use_reference_policy:
            self.ref_policy_wg = before.ref_policy_wg
        self.actor_rollout_wg.begin_anew(self.config.actor_rollout_ref)
        self.reward_loop_manager = RewardLoopManager(self.config)
        self.checkpoint_manager.sleep_replicas()
        self._load_checkpoint()
        self.on_init_end()

    def on_init_end(self):
        run = runs.open_run(Path(self.config.run.dir))
        seed = self.config.actor_rollout_ref.rollout.seed
        about = str(run.path), seed, run.next_step - run.first_step
        servers = self.llm_server_manager.server_handles
        ray.get([server.collective_rpc.remote("begin", args=about) for server in servers])
        super().on_init_end()

    def _init_resource_pool_mgr(self):
        super()._init_resource_pool_mgr()
        actors = {Role.Actor, Role.ActorRollout, Role.ActorRolloutRef}
        for role in actors & set(self.role_worker_mapping):
            self.role_worker_mapping[role] = ray.remote(ConstrainedActorWorker)

    def _load_checkpoint(self):
        self.actor_rollout_wg.ready()
        super()._load_checkpoint()

    def on_train_begin(self):
        # verl's logger begins a file anew, and the one of a run that goes on holds steps
        metrics = Path(self.config.run.dir) / "metrics.jsonl"
        self.logger.logger["file"].fp = metrics.open("ab", buffering=0)
        super().on_train_begin()
