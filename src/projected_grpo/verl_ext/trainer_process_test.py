"""Which runs train in one another's processes, and what of an ended process its user sees."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from projected_grpo.runs import Run
from projected_grpo.verl_ext import trainer_process
from projected_grpo.verl_ext.configuration import configure


def config(*words: str) -> dict:
    cfg = configure(["scale=tiny", *words])
    cfg.actor_rollout_ref.model.path = "a model's folder"
    return OmegaConf.to_container(cfg, resolve=True)


@pytest.mark.parametrize(
    "words",
    [
        ("arm=shrink", "seed=2", "group=other"),
        ("trainer.total_training_steps=9", "actor_rollout_ref.actor.optim.lr=1e-3"),
        ("env.loophole=overwrite_tests_aware", "save_every=1"),
    ],
)
def test_arm_seed_steps_and_optimizer_leave_the_shape_as_it_is(words):
    assert trainer_process.shape(config(*words)) == trainer_process.shape(config())


@pytest.mark.parametrize(
    "word",
    [
        "data.max_response_length=64",
        "data.train_batch_size=4",
        "actor_rollout_ref.rollout.n=4",
        "actor_rollout_ref.rollout.dtype=float16",
        "actor_rollout_ref.model.lora_rank=8",
        "actor_rollout_ref.actor.use_kl_loss=true",
        "fast=false",
    ],
)
def test_sizes_precision_an_adapter_and_a_reference_are_another_shape(word):
    assert trainer_process.shape(config(word)) != trainer_process.shape(config())


def test_the_status_of_a_process_that_ends_in_a_run_is_the_runs(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nread line\nexit 3\n")
    python.chmod(0o755)
    (tmp_path / "config.yaml").write_text(OmegaConf.to_yaml(OmegaConf.create(config())))
    run = Run(Path(tmp_path), {"config": "config.yaml"})
    with trainer_process.opened(python) as trainer:
        assert trainer.train(run) == 3
