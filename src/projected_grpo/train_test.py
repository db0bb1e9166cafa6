"""Bad input to the training command ends in one line, before anything is written."""

from pathlib import Path

import pytest

from projected_grpo import train
from projected_grpo.cli import Refusal
from projected_grpo.verl_ext import environment


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["arm=nonsense"], "arm/nonsense"),
        (["env=nonsense"], "env/nonsense"),
        (["model=nonsense"], "model/nonsense"),
        (["model.path=/nonexistent/folder"], "unknown model"),
        (["no_such_key=1"], "no_such_key"),
        (["+no_such_key=1"], "nothing reads"),
        (["arm.interventions.0.select=nonsense"], "interventions.0.select='nonsense'"),
        (["arm.interventions.0.where=nonsense"], "interventions.0.where='nonsense'"),
        (["arm.interventions.0.m=many"], "interventions.0.m='many'"),
        (["+arm.interventions.0.nonsense=1"], "interventions.0.nonsense is unknown"),
        (["arm.interventions.0.mechanism=nonsense"], "mechanism='nonsense' is unknown"),
        (["arm.role=nonsense"], "arm.role='nonsense'"),
        (["arm.role=control"], "role=control and control_of="),
        (["+arm.nonsense=1"], "nonsense"),
        (["arm=project"], "needs v_hack"),
        (["arm=project", "v_hack=/nonexistent"], "no v_hack in"),
        (["actor_rollout_ref.actor.strategy=fsdp"], "fsdp2"),
        (["arm=contrast", "v_hack=/nonexistent"], "no contrast columns in"),
        (
            [
                "scale=mini",
                "needs_gpu=false",
                "env=leetcode",
                "env.problems.path=/nonexistent.jsonl",
            ],
            "cannot read problems",
        ),
        (["arm=project", "v_hack=/nonexistent", "arm.interventions.0.m=577"], "m=577"),
        (["env.loophole=nonsense"], "unknown loophole"),
        (["arm=penalty", "arm.interventions.0.monitor=guess"], "interventions.0.monitor='guess'"),
        (["arm=penalty", "arm.interventions.0.accuracy=90"], "expected shares"),
        (["arm=hold", "actor_rollout_ref.model.lora_rank=8"], "hold knows no adapters"),
        (["arm=advantage"], "advantage needs v_hack"),
        (["+reward.custom_reward_function.reward_kwargs.monitor=truth"], "reward_kwargs.monitor"),
        (["reward.custom_reward_function.reward_kwargs.labels=theirs"], "unknown labels='theirs'"),
        (["actor_rollout_ref.actor.ppo_mini_batch_size=2"], "one update a step"),
        (["actor_rollout_ref.actor.entropy_coeff=0.01"], "the entropy no gradient"),
        (["actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=5"], "do not divide"),
        (["algorithm.rollout_correction.bypass_mode=false"], "no second forward pass"),
        (["arm=screening", "algorithm.adv_estimator=rloo"], "leave algorithm.adv_estimator=grpo"),
        (["arm=advantage", "algorithm.use_kl_in_reward=true"], "algorithm.use_kl_in_reward=false"),
        (["arm=freeze", "+arm.interventions.0.projections=[query]"], "unknown projections"),
        (["arm=shrink", "arm.interventions.0.layers=[0.9,0.1]"], "expected a band of depth"),
        (["trainer.total_training_steps=6", "trainer.save_freq=1"], "save_every=N"),
        (["trainer.resume_mode=auto"], "from=RUN@STEP"),
        (["trainer.save_freq=1", "trainer.resume_mode=resume_path"], "save_every=N"),
        (["trainer.total_training_steps=0"], "expected a whole number, 1 or more"),
        (["eval.n=2.5"], "expected a whole number, 0 or more"),
        (["eval.top_p=0"], "expected a share"),
        (["eval.temperature=-1"], "expected 0 or more"),
        (["limits.train_s=0"], "expected seconds"),
        (["group='a=b'"], "cannot name a folder"),
        (["scale=tiny", "env=leetcode"], "env.max_prompt_tokens=480"),
        (["trainer.logger=[console]"], "logger=wandb"),
        (["logger=tensorboard"], "expected wandb, or null"),
        (["trainer.v1.trainer_mode=sync"], "choose constrained or stock"),
        (["algorithm.adv_estimator=gae"], "needs a critic"),
        (["scale=mini", "device=cpu"], "needs a GPU, and the run has none"),
        (["device=cpu", "trainer.n_gpus_per_node=2"], "2 GPUs are asked for and 1 are here"),
        (
            ["save_every=1", "keep=1000000", "trainer.total_training_steps=1000000"],
            "make room, keep fewer states",
        ),
        (["actor_rollout_ref.actor.use_dynamic_bsz=true"], "shared prompts need"),
        (
            ["actor_rollout_ref.actor.fsdp_config.ulysses_sequence_parallel_size=2"],
            "does not split sequences",
        ),
    ],
)
def test_a_wrong_override_is_one_line_and_writes_nothing(overrides, said, tmp_path):
    with pytest.raises(SystemExit) as stop:
        cfg = train.configure([*overrides, f"outputs={tmp_path}"])
        train.prepare(cfg, train.check(cfg), environment.prepare())
    assert said in str(stop.value) and "\n" not in str(stop.value).strip()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="a GPU is here")
def test_a_gpu_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refusal, match="no GPU is here"):
        train.main(["device=gpu", f"outputs={tmp_path}"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("override", ["arm=nonsense", "arm=project"])
def test_the_command_ends_with_that_line(override, tmp_path):
    with pytest.raises(Refusal, match="arm/nonsense|needs v_hack"):
        train.main([override, f"outputs={tmp_path}"])
    assert not list(tmp_path.iterdir())
