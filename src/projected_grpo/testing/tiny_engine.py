"""A tiny model in the hub's layout, a batch as verl's trainer gives it, and our engine on both."""

import socket
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import torch
import torch.multiprocessing as mp
from omegaconf import DictConfig

from projected_grpo.directions import files

WORDS = 1000


def arm(where: str) -> dict:
    """An arm that acts there on four singular vectors of every weight."""
    constrain = {"mechanism": "constrain", "where": where, "m": 4, "layers": [0.0, 1.0]}
    return {
        "name": "test",
        "hypothesis": "",
        "role": "treatment",
        "control_of": None,
        "loophole": True,
        "interventions": [constrain],
    }


def build(folder: Path) -> None:
    """A tiny random Llama in the hub's layout, and a Haar v beside it."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    shape = dict(
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    LlamaForCausalLM(
        LlamaConfig(vocab_size=WORDS, tie_word_embeddings=True, **shape)
    ).save_pretrained(folder)
    surround(folder)


def surround(folder: Path) -> None:
    """What verl and an arm need beside a model of width 64: a tokenizer of a thousand words and a
    Haar v.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {f"w{i}": i for i in range(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(words, "w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="w1", pad_token="w2"
    ).save_pretrained(folder)
    v = torch.nn.functional.normalize(torch.randn(64), dim=0)
    files.write_direction(files.VHack(v, 2, {"layer": 2}), folder / "v")


def load(folder: Path) -> torch.nn.Module:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder)


def jagged(prompts: list[torch.Tensor], responses: list[torch.Tensor]):
    """Prompts and responses as verl's trainer hands them to the engine, without advantages."""
    from tensordict import TensorDict
    from verl.utils import tensordict_utils as tu

    nested = partial(torch.nested.as_nested_tensor, layout=torch.jagged)
    ids = [torch.cat(pair) for pair in zip(prompts, responses, strict=True)]
    ones = [torch.ones(len(response), dtype=torch.int64) for response in responses]
    generator = torch.Generator().manual_seed(2)
    fields = {
        "input_ids": nested(ids),
        "position_ids": nested([torch.arange(len(row)) for row in ids]),
        "prompts": nested(prompts),
        "responses": nested(responses),
        "response_mask": nested(ones),
        "loss_mask": nested(ones),
        "old_log_probs": nested([-torch.rand(len(r), generator=generator) for r in responses]),
    }
    data = TensorDict(fields, batch_size=len(ids))
    tu.assign_non_tensor(
        data,
        temperature=1.0,
        use_dynamic_bsz=True,
        max_token_len_per_gpu=64,
        use_remove_padding=True,
        global_batch_size=len(ids),
        calculate_entropy=False,
    )
    return data


@cache
def switches(fast: bool) -> DictConfig:
    """The actor's, rollout's and model's settings of a run with our short cuts or without."""
    from projected_grpo.verl_ext.configuration import configure

    return configure(["fast=true" if fast else "fast=false"]).actor_rollout_ref


def make_engine(
    folder: Path,
    run_dir: Path,
    chosen: dict,
    fast: bool = True,
    stock: bool = False,
    fp32: bool = True,
    lora: bool = False,
    start: str = "model",
    begin: str | None = None,
):
    """(engine, actor's config) for the model in `folder`, whose v lies in folder/v.

    chosen: an arm's definition, or nothing. fast: with the switches of a run's
    fast=true or fast=false, but rows are packed in both. stock: verl's engine. start,
    begin: what a checkpoint is that it will load, see our engine's config.
    """
    from verl.trainer.config import CheckpointConfig
    from verl.workers.config import (
        FSDPActorConfig,
        FSDPEngineConfig,
        FSDPOptimizerConfig,
        HFModelConfig,
        PolicyLossConfig,
    )
    from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead

    from projected_grpo.verl_ext.engine import ConstrainedFSDPEngine, ConstrainedFSDPEngineConfig

    ours = switches(fast)
    fsdp = ours.actor.fsdp_config
    common = dict(
        strategy="fsdp2",
        use_torch_compile=False,
        seed=3,
        reshard_after_forward=fsdp.reshard_after_forward,
        use_no_sync_for_gradient_accumulation=fsdp.use_no_sync_for_gradient_accumulation,
    )
    if fp32:
        parts = ("param_dtype", "reduce_dtype", "buffer_dtype")
        common["mixed_precision"] = dict.fromkeys(parts, "fp32")
    run_dir.mkdir(exist_ok=True)
    if stock:
        config = FSDPEngineConfig(**common)
    else:
        config = ConstrainedFSDPEngineConfig(
            **common,
            arm=chosen,
            v_hack=str(folder / "v"),
            run_dir=str(run_dir),
            response_head=fsdp.response_head,
            share_prompts=fsdp.share_prompts,
            start=start,
            begin=begin,
        )
    adapter = dict(lora_rank=4, lora_alpha=64, lora={"merge": True}) if lora else {}
    model = HFModelConfig(
        path=str(folder),
        use_remove_padding=True,
        override_config=dict(ours.model.override_config),
        enable_gradient_checkpointing=False,
        **adapter,
    )
    optimizer = FSDPOptimizerConfig(lr=1e-3, weight_decay=0.1, total_training_steps=10)
    engine_class = FSDPEngineWithLMHead if stock else ConstrainedFSDPEngine
    engine = engine_class(model, config, optimizer, CheckpointConfig())
    engine.initialize()
    actor = FSDPActorConfig(
        strategy="fsdp2",
        rollout_n=1,
        ppo_mini_batch_size=4,
        use_dynamic_bsz=True,
        optim=FSDPOptimizerConfig(lr=1e-3),
        policy_loss=PolicyLossConfig(loss_mode=ours.actor.policy_loss.loss_mode),
    )
    return engine, actor


def spawned(work: Callable[[Path], None], folder: Path) -> None:
    """work(folder) in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.start_processes(_alone, (work, folder, port), nprocs=1, start_method="forkserver")


def _alone(_rank: int, work: Callable[[Path], None], folder: Path, port: int) -> None:
    # Nothing but its environment is new where the server is at work.
    import projected_grpo.testing.forked  # noqa: F401

    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=0, world_size=1
    )
    work(folder)
