"""A run's config: composed from configs/ and overrides, and checked before anything is written."""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from projected_grpo import loopholes
from projected_grpo.cli import Refusal
from projected_grpo.verl_ext import keys, refusals, states

if TYPE_CHECKING:
    from projected_grpo.interventions.arms import Arm

CONFIGS = Path(__file__).parents[3] / "configs"
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


def is_fast(overrides: list[str]) -> bool:
    """Whether our short cuts are taken, as the command says before anything is composed."""
    return "fast=false" not in overrides


def configure(overrides: list[str]) -> DictConfig:
    """The composed config; one clear line for an unknown group option, key or kind of value."""
    from projected_grpo.fast import precision

    device = os.environ.get("PROJECTED_GRPO_DEVICE", "cpu")
    dtype = precision.compute_dtype("cpu" if device == "cpu" else "cuda")
    os.environ["PROJECTED_GRPO_DTYPE"] = precision.name(dtype)
    words = overrides if is_fast(overrides) else OWN_PATHS + overrides
    cfg = _composed(words)
    if cfg.fast is not is_fast(overrides):
        raise Refusal(f"fast={cfg.fast}: expected fast=true or fast=false, spelled so")
    keys.check(words, cfg, _default(tuple(filter(keys.chooses, words)), device))
    return cfg


def _composed(words: list[str]) -> DictConfig:
    try:
        with initialize_config_dir(str(CONFIGS), version_base=None):
            return compose("train", words)
    except OverrideParseException as error:
        raise Refusal(
            f"cannot read {error.override}: a value with = or other signs in it stands in quotes, "
            "as \"outputs='a=b'\""
        ) from None
    except (HydraException, OmegaConfBaseException) as error:
        text = str(error).split("Config search path")[0]
        raise Refusal(" ".join(text.split())) from None


@cache
def _default(words: tuple[str, ...], device: str) -> DictConfig:
    """What those files of configs/ alone make. device: config and precision hang on it."""
    return _composed(list(words))


def check(cfg: DictConfig) -> "Arm":
    """The arm, where nothing in the config alone speaks against a run."""
    from projected_grpo.interventions import arms

    arm = arms.parse(OmegaConf.to_container(cfg.arm, resolve=True))
    refusals.check(cfg, arm.interventions)
    states.check(cfg)
    if cfg.save_every:
        cfg.trainer.save_freq = cfg.save_every
    if cfg.logger not in (None, "wandb"):
        raise Refusal(f"logger={cfg.logger}: expected wandb, or null for files alone")
    if cfg.logger:
        cfg.trainer.logger.append(cfg.logger)
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
