"""Settings of verl's that do not go together here, each refused in one line with the remedy."""

from typing import TYPE_CHECKING

from omegaconf import DictConfig

from projected_grpo.cli import Refusal

if TYPE_CHECKING:
    from projected_grpo.interventions.chain import Chain

HEAD_OFF = "actor_rollout_ref.actor.fsdp_config.response_head=false"


def check(cfg: DictConfig, interventions: "Chain") -> None:
    """Refusal for the first that does not hold beside an arm's mechanisms."""
    actor = cfg.actor_rollout_ref.actor
    if actor.strategy != "fsdp2" or actor.fsdp_config.strategy != "fsdp2":
        raise Refusal(
            "the constraint needs fsdp2 (fsdp1 flattens parameters away): "
            "set actor_rollout_ref.actor.strategy=fsdp2"
        )
    if actor.policy_loss.loss_mode == "on_policy":
        _check_on_policy(cfg, actor)
    if actor.fsdp_config.response_head:
        _check_response_head(cfg, actor)
    if cfg.trainer.save_freq <= 0:
        raise Refusal("a run's last weights are what is evaluated: leave trainer.save_freq")
    _check_batch(cfg, actor)
    if interventions.overrides("keep", "advantage"):
        _check_groups(cfg.algorithm)
    if interventions.scores and not actor.fsdp_config.response_head:
        raise Refusal("this arm scores responses: leave fsdp_config.response_head=true")


def check_machine(cfg: DictConfig) -> None:
    """Refusal where a run wants GPUs that this machine, or the Ray of its own, does not have."""
    import torch

    if cfg.needs_gpu and cfg.trainer.device != "cuda":
        raise Refusal(
            "this scale needs a GPU, and the run has none: take scale=cpu, or, with much time, "
            "needs_gpu=false"
        )
    ray = cfg.ray_kwargs.ray_init
    wanted = cfg.trainer.n_gpus_per_node * cfg.trainer.nnodes
    there = ray.get("num_gpus") or torch.cuda.device_count()
    # a standing cluster knows its own
    if ray.address == "local" and wanted > there:
        raise Refusal(
            f"{wanted} GPUs are asked for and {there} are here: lower trainer.n_gpus_per_node and "
            "trainer.nnodes, or name a cluster in ray_kwargs.ray_init.address"
        )


def _check_groups(algorithm: DictConfig) -> None:
    """The advantages of verl_ext/advantages.py are of GRPO's groups and of the reward alone."""
    if algorithm.adv_estimator != "grpo" or algorithm.use_kl_in_reward:
        raise Refusal(
            "this arm's advantages are GRPO's, of the reward alone: "
            "leave algorithm.adv_estimator=grpo and algorithm.use_kl_in_reward=false"
        )


def _check_on_policy(cfg: DictConfig, actor: DictConfig) -> None:
    if actor.ppo_mini_batch_size != cfg.data.train_batch_size or actor.ppo_epochs != 1:
        raise Refusal(
            "the on-policy loss needs one update a step: leave ppo_mini_batch_size and ppo_epochs, "
            "or set actor_rollout_ref.actor.policy_loss.loss_mode=vanilla "
            "algorithm.rollout_correction.bypass_mode=false"
        )
    if not cfg.algorithm.rollout_correction.bypass_mode:
        raise Refusal(
            "the on-policy loss has no second forward pass: "
            "leave algorithm.rollout_correction.bypass_mode=true"
        )


def _check_response_head(cfg: DictConfig, actor: DictConfig) -> None:
    if actor.fsdp_config.get("ulysses_sequence_parallel_size", 1) != 1:
        raise Refusal(
            "the response-only head does not split sequences over GPUs: "
            f"leave ulysses_sequence_parallel_size=1, or set {HEAD_OFF}"
        )
    if actor.entropy_coeff != 0 or not cfg.actor_rollout_ref.model.use_remove_padding:
        raise Refusal(
            "the response-only head needs packed rows and gives the entropy no gradient: "
            f"leave use_remove_padding=true and entropy_coeff=0, or set {HEAD_OFF}"
        )
    if actor.fsdp_config.share_prompts and actor.use_dynamic_bsz:
        raise Refusal(
            "shared prompts need micro-batches of a fixed number of samples: "
            "leave use_dynamic_bsz=false, or set "
            "actor_rollout_ref.actor.fsdp_config.share_prompts=false"
        )


def _check_batch(cfg: DictConfig, actor: DictConfig) -> None:
    samples = cfg.data.train_batch_size * cfg.actor_rollout_ref.rollout.n
    micro = actor.ppo_micro_batch_size_per_gpu
    gpus = cfg.trainer.n_gpus_per_node * cfg.trainer.nnodes
    if not actor.use_dynamic_bsz and samples % (micro * gpus):
        raise Refusal(
            f"{samples} samples a step do not divide into micro-batches of {micro} on every GPU: "
            "change actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu"
        )
