"""The update alone, on one GPU or several: `torchrun --nproc_per_node=N -m projected_grpo.bench.update MODEL_FOLDER [groups=16] [n=16] [micro=32] [liger=true] [profile=true] [save=FILE] [against=FILE]`.

Our engine on made-up rollouts (prompts of 300 to 750 tokens, n responses each of up to 512), no Ray and no vLLM. Printed: seconds, tokens/s, MFU, peak memory.
profile= adds the last step's kernels by their time. save= keeps the first step's gradient of a few weights; against= says how far this run's is from a kept one (Adam's first step would only show signs).
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from tensordict import TensorDict
from torch import profiler

from projected_grpo.cli import Refusal, arguments, whole_number

STEPS = 8  # the first three warm up
SHOWN = ("layers.0.mlp.down_proj.weight", "layers.1.self_attn.q_proj.weight", "embed_tokens.weight")


def rollouts(groups: list[int], n: int) -> TensorDict:
    """What verl's trainer hands to the engine, the same for a group whichever rank holds it."""
    jagged = partial(torch.nested.as_nested_tensor, layout=torch.jagged)
    prompts, responses, advantages = [], [], []
    for group in groups:
        draw = torch.Generator().manual_seed(group)
        prompt = torch.randint(
            5, 400, (int(torch.randint(300, 750, (1,), generator=draw)),), generator=draw
        )
        for _ in range(n):
            length = torch.empty(1).log_normal_(5.5, 0.5, generator=draw).clamp(20, 512)
            prompts.append(prompt)
            responses.append(torch.randint(5, 400, (int(length),), generator=draw))
            advantages.append(torch.randn(1, generator=draw))
    ones = [torch.ones(len(r), dtype=torch.int64) for r in responses]
    ids = [torch.cat(pair) for pair in zip(prompts, responses, strict=True)]
    return TensorDict(
        {
            "input_ids": jagged(ids),
            "position_ids": jagged([torch.arange(len(i)) for i in ids]),
            "prompts": jagged(prompts),
            "responses": jagged(responses),
            "response_mask": jagged(ones),
            "loss_mask": jagged(ones),
            "old_log_probs": jagged([torch.zeros(len(r)) for r in responses]),
            "advantages": jagged(
                [a.expand(len(r)).clone() for a, r in zip(advantages, responses, strict=True)]
            ),
        },
        batch_size=len(ids),
    )


def engine(folder: str, device: str, liger: bool) -> tuple[Any, Callable]:
    """(our engine on this process group, the on-policy loss)."""
    from verl.trainer.config import CheckpointConfig
    from verl.workers.config import (
        FSDPActorConfig,
        FSDPOptimizerConfig,
        HFModelConfig,
        PolicyLossConfig,
    )
    from verl.workers.utils.losses import ppo_loss

    from projected_grpo.verl_ext.engine import ConstrainedFSDPEngine, ConstrainedFSDPEngineConfig

    config = ConstrainedFSDPEngineConfig(
        strategy="fsdp2", use_torch_compile=False, reshard_after_forward=False, seed=0
    )
    model = HFModelConfig(
        path=folder,
        use_liger=liger,
        use_remove_padding=True,
        override_config={"attn_implementation": "packed"},
        enable_gradient_checkpointing=device == "cuda",
    )
    optim = FSDPOptimizerConfig(lr=1e-5, weight_decay=0.1, total_training_steps=100)
    made = ConstrainedFSDPEngine(model, config, optim, CheckpointConfig())
    made.initialize()
    actor = FSDPActorConfig(
        strategy="fsdp2",
        rollout_n=1,
        ppo_mini_batch_size=1,
        use_dynamic_bsz=True,
        optim=optim,
        policy_loss=PolicyLossConfig(loss_mode="on_policy"),
    )
    return made, partial(ppo_loss, actor)


def gradients(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {
        name: p.grad.full_tensor().cpu()
        for name, p in module.named_parameters()
        if name.endswith(SHOWN)
    }


def main(argv: list[str]) -> None:
    folder, asked = arguments(
        argv,
        "MODEL_FOLDER",
        {
            "groups": "16",
            "n": "16",
            "micro": "32",
            "liger": "false",
            "profile": "false",
            "save": "",
            "against": "",
        },
    )
    if folder is None:
        raise Refusal(
            "bench-update needs a model folder with weights: make one with scripts/random_init_model.py"
        )
    groups, n, micro = (whole_number(key, asked[key], 1) for key in ("groups", "n", "micro"))
    cuda = torch.cuda.is_available()
    if not cuda:
        os.environ |= {
            "VERL_PLATFORM": "cpu",
            "VERL_USE_EXTERNAL_MODULES": "projected_grpo.verl_ext.platform_cpu",
            "TORCHDYNAMO_DISABLE": "1",
        }
    dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo")
    rank, size = dist.get_rank(), dist.get_world_size()
    if groups % size or groups // size * n % micro:
        raise Refusal(
            f"groups={groups} of n={n} do not divide among {size} ranks into micro-batches of micro={micro}"
        )
    if cuda:
        torch.cuda.set_device(rank)
    from verl.utils import tensordict_utils as tu  # after the platform is known
    from verl.utils.seqlen_balancing import get_seqlen_balanced_partitions

    made, loss = engine(folder, "cuda" if cuda else "cpu", asked["liger"] == "true")
    lengths = [rollouts([group], n)["input_ids"].values().shape[0] for group in range(groups)]
    data = rollouts(
        get_seqlen_balanced_partitions(lengths, size, equal_size=True)[rank], n
    )  # as the trainer deals samples out
    tokens = torch.tensor(data["input_ids"].values().shape[0])
    dist.all_reduce(tokens)
    weights, spent, found, optimizer_step = (
        sum(p.numel() for p in made.module.parameters()),
        [],
        {},
        made.optimizer_step,
    )
    made.optimizer_step = lambda: (found or found.update(gradients(made.module)), optimizer_step())[
        1
    ]
    for step in range(STEPS):
        batch = data.to("cuda" if cuda else "cpu")
        tu.assign_non_tensor(
            batch,
            temperature=1.0,
            use_dynamic_bsz=False,
            micro_batch_size_per_gpu=micro,
            use_remove_padding=True,
            global_batch_size=groups * n,
            calculate_entropy=False,
        )
        dist.barrier()
        began = time.perf_counter()
        with (
            made.train_mode(),
            profiler.profile()
            if asked["profile"] == "true" and step == STEPS - 1
            else nullcontext() as seen,
        ):
            made.train_batch(batch, loss)
        dist.barrier()
        spent.append(time.perf_counter() - began)
    if rank == 0:
        median = statistics.median(spent[3:])
        told = f"{size} rank(s): {median:.2f} s an update of {tokens.item()} tokens, {tokens.item() / median:,.0f} tokens/s"
        if cuda:
            told += f", MFU {6 * weights * tokens.item() / median / size / 989e12:.1%} of 989 TFLOP/s, peak {torch.cuda.max_memory_allocated() / 1e9:.1f} GB"
        print(told, [round(s, 2) for s in spent])
        if seen is not None:
            print(
                seen.key_averages().table(
                    sort_by="self_cuda_time_total" if cuda else "self_cpu_time_total",
                    row_limit=40,
                    max_name_column_width=90,
                )
            )
        if asked["save"]:
            save_file(found, asked["save"])
        if asked["against"]:
            other = load_file(asked["against"])
            for name, g in found.items():
                print(
                    f"{name}: the gradient differs by {(g - other[name]).norm() / other[name].norm():.1e} of its length"
                )
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1:])
