"""A run's config: composed from configs/ and overrides, and checked before anything is written."""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hydra import compose, initialize_config_dir, initialize_config_module
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from projected_grpo import loopholes
from projected_grpo.cli import Refusal
from projected_grpo.verl_ext import refusals, states

if TYPE_CHECKING:
    from projected_grpo.interventions.arms import Arm

CONFIGS = Path(__file__).parents[3] / "configs"
OURS = {
    "model",
    "env",
    "arm",
    "scale",
    "device",
    "seed",
    "group",
    "outputs",
    "v_hack",
    "from",
    "states",
    "run",
    "eval",
    "limits",
    "fast",
    "needs_gpu",
}
# What fast=false stands for: verl's and vLLM's own paths. Padded rows with their logits fill the
# memory by micro-batches of four.
OWN_PATHS = [
    "algorithm.rollout_correction.bypass_mode=false",
    "actor_rollout_ref.actor.policy_loss.loss_mode=vanilla",
    "actor_rollout_ref.actor.fsdp_config.response_head=false",
    "actor_rollout_ref.actor.fsdp_config.share_prompts=false",
    "actor_rollout_ref.actor.fsdp_config.reshard_after_forward=true",
    "actor_rollout_ref.actor.fsdp_config.use_no_sync_for_gradient_accumulation=false",
    "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=4",
    "actor_rollout_ref.model.use_remove_padding=false",
    "actor_rollout_ref.model.use_liger=false",
    "actor_rollout_ref.model.override_config.attn_implementation=sdpa",
    "actor_rollout_ref.rollout.engine_kwargs.vllm.scheduler_cls=null",
]


@cache
def verl_keys() -> set[str]:
    """What verl's own config holds at the top."""
    with initialize_config_module("verl.trainer.config", version_base=None):
        return set(compose("ppo_trainer"))


def is_fast(overrides: list[str]) -> bool:
    """Whether our short cuts are taken, as the command says before anything is composed."""
    return "fast=false" not in overrides


def configure(overrides: list[str]) -> DictConfig:
    """The composed config; one clear line for an unknown group option or key."""
    from projected_grpo.fast import precision

    gpu = os.environ.get("PROJECTED_GRPO_DEVICE", "cpu") != "cpu"
    dtype = precision.compute_dtype("cuda" if gpu else "cpu")
    os.environ["PROJECTED_GRPO_DTYPE"] = precision.name(dtype)
    try:
        with initialize_config_dir(str(CONFIGS), version_base=None):
            cfg = compose("train", overrides if is_fast(overrides) else OWN_PATHS + overrides)
    except (HydraException, OmegaConfBaseException) as error:
        text = str(error).split("Config search path")[0]
        raise Refusal(" ".join(text.split())) from None
    if cfg.fast is not is_fast(overrides):
        raise Refusal(f"fast={cfg.fast}: expected fast=true or fast=false, spelled so")
    if unread := set(cfg) - OURS - verl_keys():
        raise Refusal(f"nothing reads the config key {sorted(unread)}: remove it")
    return cfg


def check(cfg: DictConfig) -> "Arm":
    """The arm, where nothing in the config alone speaks against a run."""
    from projected_grpo.interventions import arms

    arm = arms.parse(OmegaConf.to_container(cfg.arm, resolve=True))
    refusals.check(cfg, arm.interventions)
    states.check(cfg)
    if cfg.states.every:
        cfg.trainer.save_freq = cfg.states.every
    loopholes.get(cfg.env.loophole)
    rewards = cfg.reward.custom_reward_function.reward_kwargs
    if unread := sorted(set(rewards) - {"arm", "labels", "sandboxes"}):
        raise Refusal(
            f"nothing reads reward_kwargs.{unread[0]}: a monitor is a setting of arm=penalty or "
            "arm=screening, labels=benchmark labels by the benchmark's code"
        )
    if rewards.labels not in ("ours", "benchmark"):
        raise Refusal(f"unknown labels={rewards.labels!r}: choose ours or benchmark")
    return arm
