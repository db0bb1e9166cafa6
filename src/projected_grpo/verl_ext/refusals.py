"""Settings of verl's that do not go together here, each refused in one line with the remedy."""

import os
from numbers import Real
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf

from projected_grpo.cli import Refusal

if TYPE_CHECKING:
    from projected_grpo.interventions.chain import Chain

HEAD_OFF = "actor_rollout_ref.actor.fsdp_config.response_head=false"
# Whole numbers, with the least that each can be.
WHOLE = {
    "seed": 0,
    "eval.n": 0,
    "env.max_prompt_tokens": 1,
    "data.max_response_length": 1,
    "data.train_batch_size": 1,
    "actor_rollout_ref.rollout.n": 1,
    "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu": 1,
    "trainer.total_training_steps": 1,
    "trainer.n_gpus_per_node": 1,
    "trainer.nnodes": 1,
}


def check(cfg: DictConfig, interventions: "Chain") -> None:
    """Refusal for the first that does not hold beside an arm's mechanisms."""
    _check_numbers(cfg)
    _check_device(cfg.trainer)
    _check_trainer(cfg)
    _check_lengths(cfg)
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
    _check_batch(cfg, actor)
    if interventions.overrides("keep", "advantage"):
        _check_groups(cfg.algorithm)
    if interventions.scores and not actor.fsdp_config.response_head:
        raise Refusal("this arm scores responses: leave fsdp_config.response_head=true")


def _check_numbers(cfg: DictConfig) -> None:
    for key, least in WHOLE.items():
        value = OmegaConf.select(cfg, key)
        if type(value) is not int or value < least:
            raise Refusal(f"{key}={value}: expected a whole number, {least} or more")
    for key in ("limits.start_s", "limits.step_s", "limits.train_s"):
        value = OmegaConf.select(cfg, key)
        if value is not None and not (isinstance(value, Real) and value > 0):
            raise Refusal(f"{key}={value}: expected seconds, more than 0")
    if cfg.eval.temperature < 0:
        raise Refusal(f"eval.temperature={cfg.eval.temperature}: expected 0 or more")
    if not 0 < cfg.eval.top_p <= 1:
        raise Refusal(f"eval.top_p={cfg.eval.top_p}: expected a share, above 0 and at most 1")


def _check_device(trainer: DictConfig) -> None:
    """The device is the machine's: what is imported and how is decided before any config is."""
    machine = os.environ.get("PROJECTED_GRPO_DEVICE")
    if machine == "cpu" and trainer.device != "cpu":
        raise Refusal(
            "device=gpu, and no GPU is here (/dev/nvidiactl is not there, or CUDA_VISIBLE_DEVICES "
            "is empty): set device=cpu, or take a machine that has one"
        )
    if machine == "gpu" and trainer.device == "cpu":
        raise Refusal("device=cpu on a machine with a GPU: set CUDA_VISIBLE_DEVICES= to hide it")


def _check_trainer(cfg: DictConfig) -> None:
    mode = cfg.trainer.v1.trainer_mode
    if mode not in ("constrained", "stock"):
        raise Refusal(f"trainer.v1.trainer_mode={mode} knows no arm: choose constrained or stock")
    if cfg.algorithm.adv_estimator == "gae":
        raise Refusal("algorithm.adv_estimator=gae needs a critic, and none is here: choose grpo")


def _check_lengths(cfg: DictConfig) -> None:
    """vLLM refuses a longer prompt in the middle of a step, and cuts responses short before."""
    room = cfg.actor_rollout_ref.rollout.max_model_len
    prompt, response = cfg.env.max_prompt_tokens, cfg.data.max_response_length
    if room is not None and prompt + response > room:
        shorter = f"env.max_prompt_tokens={room - response} or " if response < room else ""
        raise Refusal(
            f"prompts of {prompt} tokens with responses of {response} are more than vLLM takes "
            f"({room}): set {shorter}actor_rollout_ref.rollout.max_model_len={prompt + response}"
        )


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
