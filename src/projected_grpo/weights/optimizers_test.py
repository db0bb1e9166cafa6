"""Update mode under every kind of optimizer that verl's build_optimizer may be told to make
(verl/workers/config/optimizer.py).
"""

import pytest
import torch

from projected_grpo.testing.tiny_llama import (
    block_weights,
    drift,
    enforcer,
    llama,
    train,
    trained,
)

# as verl builds them: a name in torch.optim with lr, weight_decay and override_optimizer_config
OPTIMIZERS = {
    "AdamW": {},
    "AdamW fused": {"fused": True},
    "AdamW foreach": {"foreach": True},
    "AdamW amsgrad": {"amsgrad": True},
    "Adam": {},
    "NAdam": {},
    "RAdam": {},
    "Adamax": {},
    "Adafactor": {},
    "RMSprop": {"momentum": 0.9},
    "SGD": {"momentum": 0.9, "nesterov": True},
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_update_arm_holds_every_target_to_1e5_under_every_optimizer_with_weight_decay(optimizer):
    def make(p):
        return getattr(torch.optim, optimizer.split()[0])(
            p, lr=1e-2, weight_decay=0.1, **OPTIMIZERS[optimizer]
        )  # noqa: E731

    hook, model, start = trained("update", 20, make=make)
    now = block_weights(model)
    assert (
        min((now[name] - w).norm() / w.norm() for name, w in start.items()) > 1e-2
    )  # it did train
    assert drift(hook, now, start) < 1e-5


LOW_BIT = {  # the other modules that verl's build_optimizer names, as far as they run on a CPU
    "torchao.optim": ("Adam8bit", "AdamW8bit", "AdamW4bit", "AdamWFp8"),
    "bitsandbytes.optim": (
        "AdamW8bit",
        "PagedAdamW8bit",
        "AdEMAMix8bit",
        "Lion8bit",
        "RMSprop8bit",
        "Adagrad8bit",
        "LAMB8bit",
    ),
}


@pytest.mark.parametrize("autocast", [False, True], ids=["fp32", "bf16 forward"])
@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in LOW_BIT.items() for name in names]
)
def test_update_arm_holds_under_optimizers_whose_state_has_8_bits_or_fewer(module, name, autocast):
    package = module.split(".")[0]
    build = getattr(
        pytest.importorskip(
            module, reason=f"{package} is not installed: docs/constraint.md says how to run this"
        ),
        name,
    )
    model = llama(d=128)  # both packages leave states of fewer than 4096 numbers in fp32
    start = block_weights(model)
    v = torch.randn(128, generator=torch.Generator().manual_seed(7))
    hook = enforcer(model, "update", v)
    optimizer = build(model.parameters(), lr=1e-2, weight_decay=0.1)
    train(model, hook, optimizer, 10, autocast=autocast)
    kept = [
        x
        for w in hook.guarded
        for x in optimizer.state[w.param].values()
        if isinstance(x, torch.Tensor) and x.shape == w.param.shape
    ]
    assert kept and all(
        x.dtype is torch.uint8 or hasattr(x, "codes") for x in kept
    )  # it is a low-bit state
    now = block_weights(model)
    assert min((now[name] - w).norm() / w.norm() for name, w in start.items()) > 1e-2
    assert drift(hook, now, start) < 1e-5


def test_update_arm_holds_when_the_forward_pass_runs_in_bf16():
    hook, model, start = trained("update", 10, autocast=True)
    assert drift(hook, block_weights(model), start) < 1e-5
