"""What a command sets is read, or refused in one line that names what does it here."""

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.verl_ext.configuration import configure

ACTOR = "actor_rollout_ref.actor"


def refused(*words: str) -> str:
    with pytest.raises(Refusal) as stop:
        configure(list(words))
    line = str(stop.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["trainer.save_freq=1"], "save_every=N"),
        (["trainer.resume_mode=auto"], "from=RUN@STEP"),
        (["trainer.resume_from_path=KEPT/global_step_4"], "from=RUN@STEP"),
        (["trainer.total_epochs=1"], "trainer.total_training_steps=N"),
        (["trainer.test_freq=5"], "eval.n"),
        (["trainer.default_local_dir=elsewhere"], "outputs=FOLDER"),
        (["run.name=mine"], "group=NAME"),
        (["trainer.device=cuda"], "device=gpu"),
        (["data.train_files=mine.parquet"], "env.problems"),
        (["actor_rollout_ref.model.path=mine"], "model.path=FOLDER"),
        ([f"{ACTOR}.fsdp_config.v_hack=mine"], "v_hack=FOLDER"),
        ([f"{ACTOR}.grad_clip=0.5"], f"{ACTOR}.optim.clip_grad"),
        (["critic.optim.lr=1e-5"], "no critic"),
    ],
)
def test_a_key_that_something_else_sets_here_is_refused_with_its_name(words, remedy):
    assert words[0].partition("=")[0] in (line := refused(*words)) and remedy in line


@pytest.mark.parametrize(
    "word",
    ["trainer.balance_batch=false", "+trainer.mine=1", "+eval.x=1", "+mine=1", "hydra.job.name=a"],
)
def test_a_key_that_nothing_reads_is_refused(word):
    assert "nothing reads" in refused(word)


def test_a_key_inside_a_dictionary_is_refused_too():
    assert "model.lora.mine" in refused(
        "actor_rollout_ref.model.lora_rank=8",
        "+actor_rollout_ref.model.lora={merge: true, mine: 1}",
    )


def test_a_key_is_refused_where_the_setting_that_lets_it_be_read_is_not_there():
    line = refused(f"{ACTOR}.kl_loss_coef=0.1")
    assert f"without {ACTOR}.use_kl_loss=true" in line


def test_it_is_taken_beside_that_setting():
    cfg = configure([f"{ACTOR}.use_kl_loss=true", f"{ACTOR}.kl_loss_coef=0.1"])
    assert cfg.actor_rollout_ref.actor.kl_loss_coef == 0.1


def test_a_key_cannot_be_taken_out():
    assert "not taken out" in refused("~trainer.logger")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("eval.n=few", "a number"),
        ("actor_rollout_ref.rollout.n='4'", "a number"),
        (f"{ACTOR}.optim.lr=small", "a number"),
        ("actor_rollout_ref.model.use_liger=maybe", "true or false"),
        ("group=true", "text"),
    ],
)
def test_a_value_of_another_kind_is_refused(word, expected):
    assert f"expected {expected}" in refused(word)


def test_what_vllm_takes_of_its_own_is_let_through():
    vllm = "actor_rollout_ref.rollout.engine_kwargs.vllm"
    cfg = configure([f"+{vllm}.block_size=32"])
    assert cfg.actor_rollout_ref.rollout.engine_kwargs.vllm.block_size == 32


@pytest.mark.parametrize("word", ["outputs=runs/a=b", "group=a=b"])
def test_an_equals_sign_in_a_value_needs_quotes_and_the_refusal_says_so(word):
    assert "stands in quotes" in refused(word)


def test_a_quoted_path_with_an_equals_sign_is_taken_as_it_is():
    assert configure(["outputs='runs/a=b'"]).outputs == "runs/a=b"
