"""The processes in which runs train: Ray, the transfer queue, the actor and vLLM.

They are made with the first run. The next run of the same shape takes them over: its weights,
optimizer, data, seeds and mechanisms are made anew, as are its agent loops and reward workers,
which start fast and hold the arm.
"""

import os
from contextlib import suppress

import ray
import transfer_queue
from omegaconf import DictConfig, OmegaConf
from ray.actor import ActorHandle
from transformers import set_seed
from verl.trainer.constants_ppo import get_ppo_ray_runtime_env
from verl.trainer.ppo.v1 import AgentLoopManagerTQ, get_trainer_cls
from verl.utils.logging_utils import configure_verl_logging

# registers the trainers
import projected_grpo.verl_ext.trainer  # noqa: F401
from projected_grpo.fast import prefork
from projected_grpo.verl_ext.stock_trainer import StockTrainer

# what another node must know
FORWARDED = (
    "PROJECTED_GRPO_",
    "VERL_",
    "VLLM_",
    "TENSORBOARD_DIR",
    "HF_",
    "OMP_NUM_THREADS",
    "TORCHDYNAMO_DISABLE",
)


class Processes:
    """To be used in a with block. The first run's shape is that of all that train here."""

    trainer: StockTrainer | None = None

    def __enter__(self) -> "Processes":
        return self

    def train(self, cfg: DictConfig) -> None:
        """From cfg's start to its last step."""
        cfg.transfer_queue.enable = True
        OmegaConf.resolve(cfg)
        if self.trainer is None:
            _open(cfg)
        set_seed(cfg.seed)
        before, self.trainer = self.trainer, None
        trainer = get_trainer_cls(cfg.trainer.v1.trainer_mode)(config=cfg)
        if before:
            trainer.take_over(before)
        else:
            trainer.init()
        rewards = trainer.get_reward_handles()
        loops = AgentLoopManagerTQ.create(
            config=cfg,
            llm_client=trainer.get_llm_client(),
            teacher_client=trainer.get_teacher_client(),
            reward_loop_worker_handles=rewards,
        )
        trainer.fit(loops)
        trainer.logger.finish()
        assert not any(transfer_queue.kv_list().values()), "samples of another run would be taken"
        for worker in (*loops.agent_loop_workers, *rewards):
            _end(worker)
        self.trainer = trainer

    def __exit__(self, *failure: object) -> None:
        transfer_queue.close()
        ray.shutdown()


def _open(cfg: DictConfig) -> None:
    configure_verl_logging()
    ray.init(**_ray(cfg))
    transfer_queue.init(cfg.transfer_queue)


def _end(worker: ActorHandle) -> None:
    """Kills it and waits until it is gone, and with it its name."""
    ray.kill(worker)
    with suppress(ray.exceptions.RayActorError):
        ray.get(worker.__ray_ready__.remote())


def _ray(cfg: DictConfig) -> dict:
    """Arguments of ray.init: a cluster of its own, or the standing one at an address."""
    env = get_ppo_ray_runtime_env(cfg)
    env["env_vars"]["TRANSFER_QUEUE_ENABLE"] = "1"
    for key, value in os.environ.items():
        if key.startswith(FORWARDED):
            env["env_vars"][key] = value
    wanted = OmegaConf.to_container(cfg.ray_kwargs.ray_init)
    if wanted["address"] != "local":
        # a standing cluster has its own resources, and processes of its own making
        return {"address": wanted["address"], "runtime_env": env}
    env["py_executable"] = os.environ[prefork.PYTHON]
    return {**wanted, "runtime_env": env}
