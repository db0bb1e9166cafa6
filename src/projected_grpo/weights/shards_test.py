"""One step after another on one rank and on two real ranks with FSDP2: the same weights.

Over gloo; NCCL where there are two GPUs.
"""

import itertools
import socket

import pytest
import torch
import torch.multiprocessing as mp

# name -> (where, LoRA rank); 15 residual rows, 21 of the MLP and adapter ranks 3 and 1 split
# unevenly, the last leaving a rank without rows
PLANS = {
    "measure": ("measure", 0),
    "gradient": ("gradient", 0),
    "update": ("update", 0),
    "gradient-lora": ("gradient", 3),
    "update-lora": ("update", 3),
    "update-lora1": ("update", 1),
}


DEVICE = "cuda" if torch.cuda.device_count() > 1 else "cpu"


def llama(rank: int) -> torch.nn.Module:
    """float64, so that another order of summation cannot hide in rounding; tied embeddings."""
    import peft
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    shape = dict(
        hidden_size=15,
        intermediate_size=21,
        num_hidden_layers=2,
        num_attention_heads=3,
        num_key_value_heads=1,
        head_dim=8,
    )
    model = LlamaForCausalLM(LlamaConfig(vocab_size=33, tie_word_embeddings=True, **shape)).to(
        DEVICE, torch.float64
    )
    if rank == 0:
        return model
    adapters = peft.LoraConfig(task_type="CAUSAL_LM", r=rank, target_modules="all-linear")
    return peft.get_peft_model(model, adapters).to(DEVICE, torch.float64)


def steps(plan: str, mesh=None) -> tuple[dict[str, torch.Tensor], dict[str, float], torch.Tensor]:
    """(weights, aggregate diagnostics, every weight's leak) after three steps.

    On a mesh each rank sees its half of the batch.
    """
    from torch.distributed.fsdp import fully_shard

    from projected_grpo.testing.tiny_llama import enforcer
    from projected_grpo.weights import diagnostics, shards

    where, rank = PLANS[plan]
    model = llama(rank)
    if mesh is not None:
        layers = [m for name, m in model.named_modules() if name.endswith(("layers.0", "layers.1"))]
        for module in (*layers, model):
            fully_shard(module, mesh=mesh)
    hook = enforcer(model, where, torch.linspace(-1, 2, 15))
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=1e-2, weight_decay=0.1
    )
    for step in range(3):
        ids = torch.randint(0, 33, (4, 8), generator=torch.Generator().manual_seed(step))
        ids = ids.to(DEVICE)
        mine = ids if mesh is None else ids.chunk(2)[mesh.get_local_rank()]
        model(input_ids=mine, labels=mine).loss.backward()
        hook.before_step()
        optimizer.step()
        hook.after_step()
        optimizer.zero_grad()
    reading = diagnostics.read(hook)
    del reading.total["seconds"]
    weights = {name: shards.whole(p).cpu() for name, p in model.named_parameters()}
    return weights, reading.total, reading.weights["leak"].to_torch()


def rank_main(rank: int, port: int) -> dict[str, tuple]:
    torch.set_num_threads(1)
    if DEVICE == "cuda":
        torch.cuda.set_device(rank)
    torch.distributed.init_process_group(
        {"cuda": "nccl", "cpu": "gloo"}[DEVICE],
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=2,
    )
    mesh = torch.distributed.init_device_mesh(DEVICE, (2,))
    found = {plan: steps(plan, mesh) for plan in PLANS}
    torch.distributed.destroy_process_group()
    return found


@pytest.fixture(scope="module")
def on_two() -> dict[str, tuple]:
    """This process is rank 0: it has imported everything already."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    other = mp.get_context("forkserver").Process(target=rank_main, args=(1, port))
    other.start()
    found = rank_main(0, port)
    other.join()
    assert other.exitcode == 0
    return found


@pytest.mark.parametrize("plan", PLANS)
def test_two_ranks_leave_the_weights_that_one_leaves_with_uneven_shards_and_tied_embeddings(
    plan, on_two
):
    (weights, told, leaks), (shared, said, by_weight) = steps(plan), on_two[plan]
    start = dict(llama(PLANS[plan][1]).named_parameters())
    assert max((w - start[name].cpu()).abs().max() for name, w in weights.items()) > 1e-2
    for name, w in weights.items():
        torch.testing.assert_close(
            shared[name], w, rtol=0, atol=1e-7
        )  # AdamW divides by the size of gradients that rounding alone tells apart
    for key in told:
        assert said[key] == pytest.approx(told[key], rel=1e-5, abs=1e-7), key
    torch.testing.assert_close(by_weight, leaks, rtol=1e-5, atol=1e-6)


def test_the_plans_do_not_all_do_the_same(on_two):
    for a, b in itertools.combinations(("measure", "gradient", "update"), 2):
        assert any((on_two[a][0][name] - w).abs().max() > 1e-4 for name, w in on_two[b][0].items())
