"""A tiny random Llama, columns on it, and steps of training, for the tests of weights and
mechanisms.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import peft
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from projected_grpo.weights import constraint, lora
from projected_grpo.weights.columns import SingularVectors
from projected_grpo.weights.enforcer import Enforcer


@runtime_checkable
class Hook(Protocol):
    """What acts around the optimizer's step: an enforcer, or a mechanism."""

    def before_step(self) -> None: ...

    def after_step(self) -> None: ...


V = torch.randn(32, generator=torch.Generator().manual_seed(7))
PER_BLOCK = 7  # q k v o gate up down


def llama(rank: int = 0, alpha: int = 8, d: int = 32) -> torch.nn.Module:
    """Two blocks; rank: of adapters on every linear layer, 0 for none."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=d,
        intermediate_size=d * 3 // 2,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    model = LlamaForCausalLM(config)
    if rank == 0:
        return model
    adapters = peft.LoraConfig(
        task_type="CAUSAL_LM", r=rank, lora_alpha=alpha, target_modules="all-linear"
    )
    return peft.get_peft_model(model, adapters)


def enforcer(
    model: torch.nn.Module,
    where: str,
    v: torch.Tensor = V,
    model_type: str = "llama",
    m: int = 4,
    select: str = "alignment",
    extent: str = "span",
    leak: bool = True,
    **band,
) -> Enforcer:
    """Four singular vectors of every weight, and the leak logged, if nothing else is asked."""
    source = SingularVectors(v, m, select, extent)
    return Enforcer(model, model_type, source, where, leak=leak, **band)


def block_weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Every block's matrices, adapters merged, in float64 from the factors as they stand."""
    params = {lora.base_name(name): p.detach() for name, p in model.named_parameters()}
    merged = {}
    for name in [n for n in params if n.endswith("_proj.weight")]:
        merged[name] = params[name].double()
        if pair := lora.factors(params, name, "reads"):
            layer = model.get_submodule("base_model.model." + name.removesuffix(".weight"))
            A, B = pair
            merged[name] = merged[name] + layer.scaling["default"] * B.double() @ A.double()
    return merged


def trainable(model: torch.nn.Module) -> list[torch.nn.Parameter]:
    return [p for p in model.parameters() if p.requires_grad]


def adamw(params: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(params, lr=1e-2, weight_decay=0.1)


def train(
    model: torch.nn.Module,
    hook: Hook,
    optimizer: torch.optim.Optimizer,
    steps: int,
    first: int = 0,
    autocast: bool = False,
) -> None:
    """Each step accumulates two micro-batches and clips."""
    for step in range(first, first + steps):
        for micro in range(2):
            generator = torch.Generator().manual_seed(10 * step + micro)
            ids = torch.randint(0, 64, (4, 12), generator=generator)
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                model(input_ids=ids, labels=ids).loss.backward()
        hook.before_step()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        hook.after_step()
        optimizer.zero_grad()


def trained(
    where: str,
    steps: int = 3,
    rank: int = 0,
    alpha: int = 8,
    make: Callable = adamw,
    autocast: bool = False,
    **changes,
) -> tuple[Enforcer, torch.nn.Module, dict[str, torch.Tensor]]:
    """(hook, model, weights at the start); changes: of `enforcer`."""
    model = llama(rank, alpha)
    start = block_weights(model)
    hook = enforcer(model, where, **changes)
    now = block_weights(model)
    assert all(torch.equal(w, start[name]) for name, w in now.items()), "the hook moved a weight"
    train(model, hook, make(trainable(model)), steps, autocast=autocast)
    return hook, model, start


def drift(hook: Enforcer, now: dict[str, torch.Tensor], start: dict[str, torch.Tensor]) -> float:
    """Largest relative change of W B (reads) or Bᵀ W (writes) over the targets, float64."""
    worst = 0.0
    for w in hook.guarded:
        before = constraint.anchor(start[w.target.name], w.B, w.target.side)
        after = constraint.anchor(now[w.target.name], w.B, w.target.side)
        worst = max(worst, ((after - before).norm() / before.norm()).item())
    return worst
