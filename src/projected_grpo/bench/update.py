"""The update alone, on one GPU or several.

Our engine on made-up rollouts (prompts of 300 to 750 tokens, n responses each of up to 512), no Ray
and no vLLM. Printed: seconds, tokens/s, MFU, peak memory. Gradients are compared, not weights:
Adam's first step would only show signs.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from tensordict import TensorDict
from torch import Tensor, profiler

from projected_grpo import cli, models
from projected_grpo.bench import batches
from projected_grpo.cli import Refusal, argument, option

STEPS, WARM_UP = 8, 3
SHOWN = ("layers.0.mlp.down_proj.weight", "layers.1.self_attn.q_proj.weight", "embed_tokens.weight")
# An H100's, dense, in bf16.
PEAK_FLOPS = 989e12


@cli.settings
class Shape:
    """Of an update."""

    model_folder: str = argument("with weights: scripts/random_init_model.py makes one")
    ranks: int = option("processes, one a GPU", 1, least=1)
    groups: int = option("prompts a step", 16, least=1)
    n: int = option("samples of each", 16, least=1)
    micro: int = option("of them in a micro-batch", 32, least=1)
    liger: bool = option("use Liger's kernels", False)


@cli.settings
class Settings(Shape):
    profile: bool = option("add the last step's kernels by their time", False)
    save: Path | None = option("gets the first step's gradients of a few weights", None)
    against: Path | None = option("say how far they are from those saved here", None)


@dataclass
class Measured:
    """Seconds of every step, tokens of one over all ranks, the first step's gradients."""

    seconds: list[float]
    tokens: int
    gradients: dict[str, Tensor]
    seen: Any


def start(module: str, of: Shape, argv: Sequence[str]) -> str:
    """Goes on in `module`'s processes, one a rank, as torchrun; returns the device in each.

    Raises Refusal before that.
    """
    samples = of.groups * of.n
    if of.groups % of.ranks or samples // of.ranks % of.micro:
        raise Refusal(
            f"groups={of.groups} of n={of.n} do not divide among {of.ranks} ranks into "
            f"micro-batches of micro={of.micro}: change one of these"
        )
    if not models.weights_of(models.resolve(of.model_folder)):
        raise Refusal(
            f"{of.model_folder} has no weights: make some with scripts/random_init_model.py and "
            "its tokenizer="
        )
    if "RANK" not in os.environ:
        torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={of.ranks}"]
        os.execv(sys.executable, [sys.executable, *torchrun, "-m", module, *argv])
    return join()


def join() -> str:
    """Joins torchrun's process group; returns the device, this rank's where they have several."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        os.environ |= {
            "VERL_PLATFORM": "cpu",
            "VERL_USE_EXTERNAL_MODULES": "projected_grpo.verl_ext.platform_cpu",
            "TORCHDYNAMO_DISABLE": "1",
        }
    dist.init_process_group("cpu:gloo,cuda:nccl" if device == "cuda" else "gloo")
    if device == "cuda":
        torch.cuda.set_device(dist.get_rank())
    return device


def engine(name: str, device: str, liger: bool) -> tuple[Any, Callable]:
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
        path=str(models.resolve(name)),
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


def gradients(module: torch.nn.Module) -> dict[str, Tensor]:
    """Of the weights that SHOWN names, whole and on the CPU."""
    return {
        name: p.grad.full_tensor().cpu()
        for name, p in module.named_parameters()
        if name.endswith(SHOWN)
    }


def record_first_gradients(made: Any) -> dict[str, Tensor]:
    """A dict that the engine's first optimizer step fills."""
    recorded, optimizer_step = {}, made.optimizer_step

    def recording():
        if not recorded:
            recorded.update(gradients(made.module))
        return optimizer_step()

    made.optimizer_step = recording
    return recorded


def train(
    made: Any, loss: Callable, data: TensorDict, of: Shape, device: str, profile: bool = False
) -> Measured:
    from verl.utils import tensordict_utils as tu

    tokens = torch.tensor(data["input_ids"].values().shape[0])
    dist.all_reduce(tokens)
    recorded, seconds = record_first_gradients(made), []
    for step in range(STEPS):
        batch = data.to(device)
        tu.assign_non_tensor(
            batch,
            temperature=1.0,
            use_dynamic_bsz=False,
            micro_batch_size_per_gpu=of.micro,
            use_remove_padding=True,
            global_batch_size=of.groups * of.n,
            calculate_entropy=False,
        )
        profiled = profile and step == STEPS - 1
        dist.barrier()
        began = time.perf_counter()
        with made.train_mode(), profiler.profile() if profiled else nullcontext() as seen:
            made.train_batch(batch, loss)
        dist.barrier()
        seconds.append(time.perf_counter() - began)
    return Measured(seconds, tokens.item(), recorded, seen)


def report(measured: Measured, weights: int, settings: Settings, device: str) -> None:
    size, tokens = dist.get_world_size(), measured.tokens
    median = statistics.median(measured.seconds[WARM_UP:])
    line = (
        f"{size} rank(s): {median:.2f} s an update of {tokens} tokens, "
        f"{tokens / median:,.0f} tokens/s"
    )
    if device == "cuda":
        mfu = 6 * weights * tokens / median / size / PEAK_FLOPS
        peak = torch.cuda.max_memory_allocated() / 1e9
        line += f", MFU {mfu:.1%} of {PEAK_FLOPS / 1e12:.0f} TFLOP/s, peak {peak:.1f} GB"
    print(line, [round(s, 2) for s in measured.seconds])
    if measured.seen is not None:
        kernels = measured.seen.key_averages()
        by = f"self_{device}_time_total"
        print(kernels.table(sort_by=by, row_limit=40, max_name_column_width=90))
    if settings.save:
        save_file(measured.gradients, settings.save)
    if settings.against:
        other = load_file(settings.against)
        for name, g in measured.gradients.items():
            distance = (g - other[name]).norm() / other[name].norm()
            print(f"{name}: the gradient differs by {distance:.1e} of its length")


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    device = start("projected_grpo.bench.update", settings, argv)
    made, loss = engine(settings.model_folder, device, settings.liger)
    weights = sum(p.numel() for p in made.module.parameters())
    data = batches.dealt(settings.groups, settings.n)
    measured = train(made, loss, data, settings, device, settings.profile)
    if dist.get_rank() == 0:
        report(measured, weights, settings, device)
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1:])
