"""What the constraint costs, on random weights of a real shape.

Printed: seconds to build and to load the bases, and seconds of the hook in a step, as a share of
forward and backward over that many tokens and beside the time to read the gradients twice and write
them once.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tabulate import tabulate
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig

from projected_grpo import cli
from projected_grpo.cli import Refusal, argument, option
from projected_grpo.fast import attention
from projected_grpo.weights import spectra, targets
from projected_grpo.weights.columns import SingularVectors
from projected_grpo.weights.enforcer import Enforcer

# Tokens of a sequence, sequences of a micro-batch.
ROW, SEQUENCES = 1024, 16
LAYERS = (0.6, 0.75)
M = 16


def timed(call: Callable, device: str) -> tuple[float, Any]:
    """Wall seconds of a call with the GPU's work in it, and what it returned."""
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    result = call()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start, result


def median_seconds(call: Callable, device: str, repeats: int = 5) -> float:
    """Of a few calls, after one to warm up."""
    call()
    return statistics.median(timed(call, device)[0] for _ in range(repeats))


def step_seconds(config, device: str) -> float:
    """Forward and backward of one micro-batch of ROW * SEQUENCES tokens in bf16.

    With gradient checkpointing; the loss is on every fourth token, about the share of a row that
    is response.
    """
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(
            config, dtype=torch.bfloat16, attn_implementation=attention.NAME
        )
    model.train().gradient_checkpointing_enable({"use_reentrant": False})
    ids = torch.randint(config.vocab_size, (1, ROW * SEQUENCES), device=device)
    positions = torch.arange(ROW, device=device).repeat(SEQUENCES)[None]
    fourth = torch.arange(0, ids.shape[1], 4, device=device)

    def call() -> None:
        output = model(
            input_ids=ids, position_ids=positions, use_cache=False, logits_to_keep=fourth
        )
        torch.nn.functional.cross_entropy(output.logits[0], ids[0, fourth]).backward()
        model.zero_grad()

    return median_seconds(call, device, repeats=3)


def config_of(folder: Path) -> PreTrainedConfig:
    """Of the text model in a folder. Raises Refusal."""
    if not (folder / "config.json").is_file():
        raise Refusal(f"{folder} has no config.json: make one with scripts/random_init_model.py")
    return AutoConfig.from_pretrained(folder).get_text_config()


def skeleton(config, device: str) -> torch.nn.Module:
    """The model in fp32 as the optimizer holds it, with gradients on the targeted weights."""
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    params = dict(model.named_parameters())
    for target in targets.select(params, config.model_type, LAYERS):
        params[target.name].grad = torch.randn_like(params[target.name])
    return model


def floor_seconds(model: torch.nn.Module, device: str) -> float:
    """Reading every targeted gradient twice and writing it once.

    At the speed of this machine's copy (a read and a write).
    """
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    into = [torch.empty_like(g) for g in grads]
    return 1.5 * median_seconds(lambda: torch._foreach_copy_(into, grads), device)


def built_and_loaded(make: Callable[..., Enforcer], device: str) -> str:
    """A line about the bases: how many, and how long to make and to read them."""
    built, _ = timed(lambda: make(M, "gradient"), device)
    loaded, hook = timed(lambda: make(M, "gradient"), device)
    low, high = LAYERS
    return (
        f"{len(hook.guarded)} weights of blocks at {low:.0%} to {high:.0%} depth, on {device}; "
        f"bases built in {built:.1f} s, loaded in {loaded:.1f} s"
    )


def hook_seconds(make: Callable[..., Enforcer], r: int, where: str, device: str) -> float:
    """Of the hook in one optimizer step."""
    hook = make(r, where)
    return median_seconds(lambda: (hook.before_step(), hook.after_step()), device)


def table(
    make: Callable[..., Enforcer],
    rs: Sequence[int],
    tokens: Sequence[int],
    micro: float,
    floor: float,
    device: str,
) -> str:
    """A row for every r and place of the constraint.

    micro, floor: seconds of a micro-batch and of moving the gradients.
    """
    rows = []
    for r in rs:
        for where in ("measure", "gradient", "update"):
            seconds = hook_seconds(make, r, where, device)
            steps = [micro * t / (ROW * SEQUENCES) for t in tokens]
            shares = [f"{seconds / step:.3%}" for step in steps]
            rows.append([r, where, seconds * 1e3, seconds / floor, *shares])
    shown = [f"share at {t} tokens" for t in tokens]
    return tabulate(rows, ["r", "where", "hook ms", "times the floor", *shown], floatfmt=".2f")


@cli.settings
class Settings:
    model_folder: Path = argument("a config alone (scripts/random_init_model.py), or a model")
    tokens: tuple[int, ...] = option("of a step", (16384, 65536), least=1)
    r: tuple[int, ...] = option("columns a weight", (1, 16, 64, 256), least=1)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    folder = settings.model_folder
    config = config_of(folder)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    micro = step_seconds(config, device)
    if device == "cuda":
        torch.cuda.empty_cache()
    model = skeleton(config, device)
    v = torch.nn.functional.normalize(torch.randn(config.hidden_size, device=device), dim=0)
    floor = floor_seconds(model, device)
    with tempfile.TemporaryDirectory() as cache:
        spectrum = partial(spectra.cached, folder=Path(cache))

        def make(m: int, where: str) -> Enforcer:
            columns = SingularVectors(v, m, spectrum=spectrum)
            return Enforcer(model, config.model_type, columns, where, LAYERS)

        bases = built_and_loaded(make, device)
        print(f"{folder}: {bases}; {ROW * SEQUENCES} tokens forward and backward {micro:.3f} s")
        print(table(make, settings.r, settings.tokens, micro, floor, device))


if __name__ == "__main__":
    main(sys.argv[1:])
