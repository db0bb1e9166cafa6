"""verl's synchronous trainer with our actor worker, labelled rollouts on disk, label rates in its metrics, and an end by the clock."""

import time
from pathlib import Path

import polars as pl
import ray
import transfer_queue as tq
from loguru import logger
from verl.trainer import main_ppo
from verl.trainer.ppo.utils import Role
from verl.trainer.ppo.v1.trainer_base import register_trainer
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync

from projected_grpo.verl_ext import loss
from projected_grpo.verl_ext.worker import ConstrainedActorWorker

TRAINED_ON = [
    "input_ids",
    "position_ids",
    "prompts",
    "responses",
    "response_mask",
    "loss_mask",
    "rollout_log_probs",
    "advantages",
]


@register_trainer("stock")
class StockTrainer(PPOTrainerSync):
    """verl's own, with our worker, whose engine is verl's bit for bit where nothing is asked of it: what a benchmark compares with."""

    def __init__(self, config):
        config.trainer.v1.trainer_mode = (
            "sync"  # the base class compares the mode's name with "sync"
        )
        super().__init__(config)

    def _init_resource_pool_mgr(self):
        super()._init_resource_pool_mgr()
        for role in {Role.Actor, Role.ActorRollout, Role.ActorRolloutRef} & set(
            self.role_worker_mapping
        ):
            self.role_worker_mapping[role] = ray.remote(ConstrainedActorWorker)

    def _load_checkpoint(self):
        self.actor_rollout_wg.ready()
        super()._load_checkpoint()


@register_trainer("constrained")
class ConstrainedTrainer(StockTrainer):
    def _build_replay_buffer(self):
        buffer = super()._build_replay_buffer()
        buffer.poll_interval = (
            0.05  # seconds between looks for finished samples; verl's 2 cost a step one on average
        )
        return buffer

    def on_train_begin(self):
        self.deadline = time.monotonic() + (self.config.limits.train_s or float("inf"))
        super().on_train_begin()

    def on_step_end(self):
        super().on_step_end()
        if time.monotonic() > self.deadline and self.global_steps < self.total_training_steps:
            logger.warning(
                f"limits.train_s has passed: step {self.global_steps + 1} will be the last, of {self.total_training_steps}"
            )
            self.total_training_steps, self.deadline = self.global_steps + 1, float("inf")

    def _balance_batch(self, batch, metrics, **kwargs):
        alone = (
            self.config.trainer.n_gpus_per_node * self.config.trainer.nnodes == 1
            and len(batch) % self._get_required_batch_multiple(1) == 0
        )
        return (
            batch if alone else super()._balance_batch(batch, metrics, **kwargs)
        )  # to deal all samples to one rank takes verl 60 ms

    @property
    def on_policy(self) -> bool:
        return self.config.actor_rollout_ref.actor.policy_loss.loss_mode == "on_policy"

    def _compute_old_log_prob(self, batch, metrics):
        return (
            batch if self.on_policy else super()._compute_old_log_prob(batch, metrics)
        )  # verl would store vLLM's under another name

    def _update_actor(self, batch, metrics):
        if (
            self.on_policy
        ):  # else the actor unpacks every sample's labels, messages and scores as well
            batch.fields = TRAINED_ON + ["ref_log_prob"] * self.use_reference_policy
        return super()._update_actor(batch, metrics)

    def _compute_metrics(self, batch, metrics, timing_raw, global_steps, epoch):
        super()._compute_metrics(batch, metrics, timing_raw, global_steps, epoch)
        if loss.TOKENS in metrics:
            loss.divide(metrics)
        rollouts, spent = self._rollouts(batch, global_steps)
        path = Path(self.config.run.dir) / "rollouts" / f"{global_steps:05d}.parquet"
        path.parent.mkdir(exist_ok=True)
        rollouts.write_parquet(path)
        rates = {
            "strict": pl.col("strict"),
            "loose": pl.col("loose"),
            "correct": pl.col("gt_pass"),
            "defines_tests": pl.col("defines_tests"),
        }
        metrics |= {
            "timing_s/longest_response": max(m["generate_sequences"] for m in spent),
            "timing_s/longest_grading": max(m["compute_score"] for m in spent),
        }
        metrics.update(
            {
                f"labels/{name}": value
                for name, value in rollouts.select(**{k: e.mean() for k, e in rates.items()})
                .row(0, named=True)
                .items()
            }
        )
        if (
            loss.KL in metrics and self.config.actor_rollout_ref.rollout.top_k <= 0
        ):  # after the step's rollouts are on disk
            loss.check(metrics, self.config.actor_rollout_ref.rollout.top_p)

    def _rollouts(self, batch, step: int) -> tuple[pl.DataFrame, list[dict[str, float]]]:
        """(the step's samples in the project's rollouts columns, what each took in seconds); verl's own dump drops what the reward function said."""
        keys = [
            key
            for key, tag in zip(batch.keys, batch.tags, strict=True)
            if not tag.get("is_padding", False)
        ]
        data = tq.kv_batch_get(
            keys=keys,
            partition_id=batch.partition_id,
            select_fields=["prompts", "responses", "extra_fields", "metrics"],
        )
        limit = self.config.data.max_response_length
        rows = []
        for key, prompt, response, extra in zip(
            keys,
            data["prompts"].unbind(),
            data["responses"].unbind(),
            list(data["extra_fields"]),
            strict=True,
        ):
            said = extra["reward_extra_info"]
            rows.append(
                {
                    "run": self.config.run.name,
                    "step": step,
                    "phase": "train",
                    "uid": key.rsplit("_", 2)[0],
                    "prompt": self.tokenizer.decode(prompt),
                    "response": self.tokenizer.decode(response, skip_special_tokens=True),
                    "n_tokens": len(response),
                    "finish": "length"
                    if len(response) >= limit and response[-1] != self.tokenizer.eos_token_id
                    else "stop",
                    **{name: value for name, value in said.items() if name != "score"},
                }
            )
        return pl.DataFrame(rows, infer_schema_length=None).sort("problem_id", "uid"), list(
            data["metrics"]
        )


class TaskRunner(main_ppo.TaskRunnerV1.__ray_metadata__.modified_class):
    """verl's task runner; importing this module where it runs is what registers the trainer."""
