"""verl's synchronous trainer with an arm's mechanisms, states, evaluations, an end by the clock."""

import itertools
import time
from pathlib import Path

from loguru import logger
from omegaconf import OmegaConf
from tensordict import NonTensorData, NonTensorStack
from verl.trainer.ppo.v1.trainer_base import register_trainer

from projected_grpo import runs
from projected_grpo.interventions import arms
from projected_grpo.loopholes.facts import BESIDE_LABELS
from projected_grpo.rollouts import schema
from projected_grpo.verl_ext import advantages, awake, loss, rollout_rows, scores, states
from projected_grpo.verl_ext.step_lines import StepLines
from projected_grpo.verl_ext.stock_trainer import StockTrainer

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
# name in the log -> column of the rollouts
RATES = {
    "blatant": "blatant",
    "strict": "strict",
    "loose": "loose",
    "correct": "gt_pass",
    **{name: name for name in BESIDE_LABELS},
    "defines_tests": "defines_tests",
}


@register_trainer("constrained")
class ConstrainedTrainer(StockTrainer):
    def __init__(self, config):
        super().__init__(config)
        arm = arms.parse(OmegaConf.to_container(config.arm, resolve=True))
        self.interventions = arm.interventions
        self.run_dir = Path(config.run.dir)
        self.kept = states.Kept(config.keep_at)
        self.lines = StepLines()

    def _load_checkpoint(self):
        own = runs.states.steps(self.run_dir)
        if own:
            # it was killed, and what it wrote since is gone: runs.folder
            self.config.trainer.resume_mode = "resume_path"
            last = runs.states.folder(self.run_dir, own[-1])
            self.config.trainer.resume_from_path = str(last)
            self.kept.look_back(self.run_dir)
        super()._load_checkpoint()
        if self.config.run.start == "branch" and not own:
            # verl has put it where the other run's stood
            self._init_dataloader()

    def step(self, metrics, timing_raw):
        batch = super().step(metrics, timing_raw)
        # before verl saves: a state holds all that a step does
        self._end_step(batch, metrics)
        return batch

    def _save_checkpoint(self):
        is_last = self.global_steps >= self.total_training_steps
        is_whole = states.is_whole(self.config, self.global_steps)
        hub = ["hf_model"] * (is_last or self.config.save_hub)
        self.actor_rollout_wg.will_save(states.WHOLE * is_whole + hub)
        super()._save_checkpoint()

    def _publish(self):
        """The last step's state, now that its metrics are written; older ones go."""
        step = runs.states.written(self.run_dir)
        if step is not None:
            runs.states.publish(self.run_dir, step)
            runs.states.trim(self.run_dir, self.config.keep, self.kept.steps)

    def _fetch_one_gen_batch(self):
        """verl's, with names that say the step and the place in it: the same in every run."""
        batch = super()._fetch_one_gen_batch()
        names = [f"{self.global_steps}-{next(self.places)}" for _ in range(len(batch))]
        batch["uid"] = NonTensorStack.from_list([NonTensorData(name) for name in names])
        return batch

    def _build_replay_buffer(self):
        buffer = super()._build_replay_buffer()
        # seconds between looks for finished samples; verl's 2 cost a step one on average
        buffer.poll_interval = 0.05
        return buffer

    def on_train_begin(self):
        self.deadline = time.monotonic() + (self.config.limits.train_s or float("inf"))
        super().on_train_begin()
        run = runs.open_run(self.run_dir)
        if self.config.eval_every and self.global_steps == run.first_step:
            self._evaluate(self.global_steps - 1)
        self.lines.begin(self.global_steps, self.total_training_steps)

    def _evaluate(self, step):
        """With the weights after the step, which vLLM has."""
        client, run = self.get_llm_client(), runs.open_run(self.run_dir)
        return awake.evaluate(run, step, client, self.tokenizer, self.interventions)

    def on_step_begin(self):
        self._publish()
        self.places = itertools.count()
        super().on_step_begin()

    def on_step_end(self):
        super().on_step_end()
        if time.monotonic() > self.deadline and self.global_steps < self.total_training_steps:
            last = self.global_steps + 1
            logger.warning(
                f"limits.train_s has passed: step {last} will be the last, "
                f"of {self.total_training_steps}"
            )
            self.total_training_steps, self.deadline = last, float("inf")

    def _balance_batch(self, batch, metrics, **kwargs):
        # verl's is the order in which they were finished; sums in another are other bits
        batch.reorder(rollout_rows.in_order(batch.keys))
        ranks = self.config.trainer.n_gpus_per_node * self.config.trainer.nnodes
        if ranks == 1 and len(batch) % self._get_required_batch_multiple(1) == 0:
            # to deal all samples to one rank takes verl 60 ms
            return batch
        return super()._balance_batch(batch, metrics, **kwargs)

    @property
    def on_policy(self) -> bool:
        return self.config.actor_rollout_ref.actor.policy_loss.loss_mode == "on_policy"

    def _compute_old_log_prob(self, batch, metrics):
        if self.on_policy:
            # verl would store vLLM's under another name
            return batch
        return super()._compute_old_log_prob(batch, metrics)

    def _compute_advantage(self, batch, metrics):
        if not self.interventions.overrides("keep", "advantage"):
            return super()._compute_advantage(batch, metrics)
        rows = rollout_rows.frame_of(self._rows(batch)[0])
        if self.interventions.scores:
            rows = rows.hstack(scores.of_responses(self, batch))
        # verl's own first: whatever else a step takes from there, and what fills the batch up
        super()._compute_advantage(batch, metrics)
        by_std = self.config.algorithm.norm_adv_by_std_in_grpo
        a = advantages.of_step(self.interventions, rows, by_std)
        scores.write_advantages(batch, a)
        return batch

    def _update_actor(self, batch, metrics):
        if self.on_policy:
            # else the actor unpacks every sample's labels, messages and scores as well
            batch.fields = TRAINED_ON + ["ref_log_prob"] * self.use_reference_policy
        return super()._update_actor(batch, metrics)

    def _compute_metrics(self, batch, metrics, timing_raw, global_steps, epoch):
        super()._compute_metrics(batch, metrics, timing_raw, global_steps, epoch)
        if loss.TOKENS in metrics:
            loss.divide(metrics)
        if loss.KL in metrics and self.config.actor_rollout_ref.rollout.top_k <= 0:
            # after the step's rollouts are on disk
            loss.check(metrics, self.config.actor_rollout_ref.rollout.top_p)
        if awake.is_due(self.config, global_steps):
            metrics |= self._evaluate(global_steps)
        limit = self.deadline - time.monotonic()
        self.lines.say(global_steps, self.total_training_steps, metrics, limit)

    def _end_step(self, batch, metrics):
        """Its rollouts on disk, what they say in its metrics, and the mechanisms' last turn."""
        rows, seconds = self._rows(batch)
        for row in rows:
            row.pop("score")
        rollouts = schema.frame(rows).sort("problem_id", "uid", maintain_order=True)
        folder = self.run_dir / "rollouts"
        folder.mkdir(exist_ok=True)
        schema.write(rollouts, folder / f"{self.global_steps:05d}.parquet")
        self.kept.look(self.global_steps, rollouts["blatant"].mean())
        for name, column in RATES.items():
            metrics[f"labels/{name}"] = rollouts[column].mean()
        # how many strict hacks have such test functions
        for kind, count in schema.kinds_among_strict(rollouts).items():
            metrics[f"labels/kind/{kind}"] = count
        metrics["timing_s/longest_response"] = max(s["generate_sequences"] for s in seconds)
        metrics["timing_s/longest_grading"] = max(s["compute_score"] for s in seconds)
        metrics |= self.interventions.observed(rollouts)
        if self.interventions.overrides("end_of_step"):
            self.actor_rollout_wg.end_of_step(self.global_steps, rollouts)

    def _rows(self, batch) -> tuple[list[dict], list[dict[str, float]]]:
        longest = self.config.data.max_response_length
        run = f"{self.config.group}/{self.config.run.name}"
        return rollout_rows.rows_of(batch, self.tokenizer, longest, run, self.global_steps)
