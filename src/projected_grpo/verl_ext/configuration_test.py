"""fast=false takes every short cut out of the config, and nothing else spells it."""

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from projected_grpo.cli import Refusal
from projected_grpo.verl_ext.configuration import OWN_PATHS, check, configure

# verl packs rows by a kernel that is not installed here.
NOT_VERLS = {"actor_rollout_ref.model.use_remove_padding"}
SWITCHES = [word.partition("=")[0] for word in OWN_PATHS]


def settings(cfg) -> dict:
    return {key: OmegaConf.select(cfg, key) for key in SWITCHES}


def test_without_short_cuts_every_switch_stands_where_verl_has_it():
    with initialize_config_module("verl.trainer.config", version_base=None):
        verls = settings(compose("ppo_trainer"))
    has = {key: value for key, value in verls.items() if value is not None}
    own = settings(configure(["fast=false"]))
    for key in has.keys() - NOT_VERLS:
        assert own[key] == has[key], key


def test_without_short_cuts_the_config_names_nothing_of_the_fast_room():
    fast, own = [OmegaConf.to_yaml(configure([f"fast={word}"])) for word in ("true", "false")]
    for name in ("projected_grpo.fast.", "attn_implementation: packed", "response_head: true"):
        assert name in fast and name not in own


def test_a_switch_on_the_command_line_goes_before_what_fast_false_says():
    cfg = configure(["actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=6", "fast=false"])
    assert cfg.actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu == 6


@pytest.mark.parametrize("word", ["False", "0", "no", "maybe"])
def test_another_spelling_of_fast_is_refused(word):
    with pytest.raises(Refusal, match="expected fast=true or fast=false"):
        configure([f"fast={word}"])


def test_wandb_is_one_more_logger_beside_those_that_are_always_there():
    cfg = configure(["logger=wandb"])
    check(cfg)
    assert list(cfg.trainer.logger) == ["console", "file", "tensorboard", "wandb"]
