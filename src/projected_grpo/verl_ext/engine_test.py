"""Our engine against verl's own on one PPO step: the same bits when nothing is constrained, other weights when something is."""

import socket
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.multiprocessing as mp

from projected_grpo import directions


def build(folder: Path) -> None:
    """A tiny random Llama with smollm2's tokenizer in the hub's layout, and a Haar v beside it."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    from projected_grpo import models

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(models.resolve("smollm2-135m"))
    shape = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2)
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), tie_word_embeddings=True, **shape)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    directions.save(directions.VHack(torch.nn.functional.normalize(torch.randn(64), dim=0), 2, {"layer": 2}), folder / "v")


def batch():
    """Four sequences of uneven length as verl's trainer hands them to the engine."""
    from tensordict import TensorDict
    from verl.utils import tensordict_utils as tu

    generator = torch.Generator().manual_seed(1)
    lengths, prompt = (9, 14, 11, 7), 4
    jagged = partial(torch.nested.as_nested_tensor, layout=torch.jagged)
    ids = [torch.randint(5, 1000, (n,), generator=generator) for n in lengths]
    responses = [n - prompt for n in lengths]
    data = TensorDict(
        {
            "input_ids": jagged(ids),
            "position_ids": jagged([torch.arange(n) for n in lengths]),
            "prompts": jagged([i[:prompt] for i in ids]),
            "responses": jagged([i[prompt:] for i in ids]),
            "response_mask": jagged([torch.ones(n, dtype=torch.int64) for n in responses]),
            "loss_mask": jagged([torch.ones(n, dtype=torch.int64) for n in responses]),
            "old_log_probs": jagged([-torch.rand(n, generator=generator) for n in responses]),
            "advantages": jagged([torch.full((n,), a) for n, a in zip(responses, (1.0, -1.0, 0.5, -0.5), strict=True)]),
        },
        batch_size=4,
    )
    tu.assign_non_tensor(
        data, temperature=1.0, use_dynamic_bsz=True, max_token_len_per_gpu=64, use_remove_padding=True, global_batch_size=4, calculate_entropy=False
    )
    return data


def one_step(_rank: int, kind: str, folder: Path, port: int) -> None:
    """One optimizer step of `kind` (stock, off, measure, gradient, update); saves all weights after it."""
    torch.distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=0, world_size=1)
    from verl.trainer.config import CheckpointConfig
    from verl.workers.config import FSDPActorConfig, FSDPEngineConfig, FSDPOptimizerConfig, HFModelConfig
    from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead
    from verl.workers.utils.losses import ppo_loss

    from projected_grpo.enforce_test import arm

    common = dict(strategy="fsdp2", use_torch_compile=False, seed=3)
    if kind == "stock":
        engine_class, config = FSDPEngineWithLMHead, FSDPEngineConfig(**common)
    else:
        from projected_grpo.verl_ext.engine import ConstrainedFSDPEngine, ConstrainedFSDPEngineConfig

        chosen = vars(arm(kind)) if kind != "off" else {}
        engine_class = ConstrainedFSDPEngine
        config = ConstrainedFSDPEngineConfig(**common, arm=chosen, v_hack=str(folder / "v"), run_dir=str(folder))
    model = HFModelConfig(path=str(folder), use_remove_padding=True, override_config={"attn_implementation": "sdpa"}, enable_gradient_checkpointing=False)
    engine = engine_class(model, config, FSDPOptimizerConfig(lr=1e-3, weight_decay=0.1, total_training_steps=10), CheckpointConfig())
    engine.initialize()
    actor = FSDPActorConfig(strategy="fsdp2", rollout_n=1, ppo_mini_batch_size=4, use_dynamic_bsz=True, optim=FSDPOptimizerConfig(lr=1e-3))
    with engine.train_mode():
        engine.train_batch(batch(), partial(ppo_loss, actor))
    torch.save({name: p.full_tensor().detach().clone() for name, p in engine.module.named_parameters()}, folder / f"{kind}.pt")


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> dict[str, dict[str, torch.Tensor]]:
    folder = tmp_path_factory.mktemp("engines")
    build(folder)
    with pytest.MonkeyPatch.context() as patch:  # verl reads these when it is imported, which in the children comes first
        for key, value in {"VERL_PLATFORM": "cpu", "VERL_USE_EXTERNAL_MODULES": "projected_grpo.verl_ext.platform_cpu", "TORCHDYNAMO_DISABLE": "1"}.items():
            patch.setenv(key, value)
        for kind in ("stock", "off", "measure", "gradient"):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            mp.spawn(one_step, (kind, folder, port), nprocs=1)
    return {file.stem: torch.load(file) for file in folder.glob("*.pt")}


@pytest.mark.parametrize("kind", ["off", "measure"])
def test_without_a_constraint_one_step_is_bit_identical_to_verls_own(weights, kind):
    assert all(torch.equal(w, weights[kind][name]) for name, w in weights["stock"].items())


def test_a_projected_gradient_gives_another_step(weights):
    assert any(not torch.equal(w, weights["gradient"][name]) for name, w in weights["stock"].items())
