"""Adapters on a tiny random Llama: what holds for W holds for W₀ + s L_B L_A, from the first step
on.
"""

import pytest
import torch
from safetensors.torch import save_file
from transformers import LlamaForCausalLM

from projected_grpo.cli import Refusal
from projected_grpo.testing.tiny_llama import (
    adamw,
    block_weights,
    drift,
    enforcer,
    llama,
    trained,
)
from projected_grpo.weights import constraint, diagnostics, lora
from projected_grpo.weights.enforcer import Enforcer


def leak(hook: Enforcer) -> float:
    return diagnostics.read(hook).total["leak"]


@pytest.mark.parametrize(("rank", "alpha"), [(1, 1), (4, 64), (40, 8)])
def test_lora_holds_the_merged_weight_to_1e5_in_update_mode_at_any_rank_and_alpha(rank, alpha):
    hook, model, start = trained("update", 20, rank, alpha)
    now = block_weights(model)
    assert min((now[name] - w).norm() / w.norm() for name, w in start.items()) > 1e-3
    assert drift(hook, now, start) < 1e-5 and leak(hook) < 1e-4


@pytest.mark.parametrize("where", ["gradient", "update"])
def test_loras_factor_on_the_residual_side_is_empty_of_b_from_the_start(where):
    hook = trained(where, 0, rank=4)[0]
    for w in hook.guarded:
        assert constraint.anchor(w.param.detach(), w.B, w.target.side).norm() < 1e-6 * (
            w.param.norm() + 1
        )


def test_lora_in_gradient_mode_holds_under_plain_sgd_and_leaks_a_little_under_adamw():
    sgd, adam = (
        leak(trained("gradient", 5, 4, make=make)[0])
        for make in (lambda p: torch.optim.SGD(p, lr=1e-1), adamw)
    )
    assert sgd < 1e-5 < 1e-3 < adam


def test_loras_leak_is_that_of_the_merged_weights():
    hook, model, start = trained("measure", 5, 4)
    moved = {name: w - start[name] for name, w in block_weights(model).items()}
    total = sum(constraint.energy(moved[w.target.name], w.B, w.target.side) for w in hook.guarded)
    scale = 2.0  # alpha / rank, the same for every weight
    rows = diagnostics.read(hook).weights
    assert (
        leak(hook) == pytest.approx(constraint.ratio(total).item(), rel=1e-4) and leak(hook) > 0.1
    )
    assert rows["moved"].to_torch().square().sum().sqrt() * scale == pytest.approx(
        total[1].sqrt().item(), rel=1e-4
    )


def test_merged_adapters_answer_as_the_unmerged_ones_after_a_constrained_update():
    _, model, _ = trained("update", 5, 4)
    ids = torch.randint(0, 64, (2, 12))
    apart = model(input_ids=ids).logits.log_softmax(-1)
    plain = llama()
    before = plain(input_ids=ids).logits.log_softmax(-1)
    merged = block_weights(model)
    plain.load_state_dict({name: merged.get(name, p) for name, p in plain.state_dict().items()})
    torch.testing.assert_close(
        plain(input_ids=ids).logits.log_softmax(-1), apart, rtol=0, atol=1e-5
    )
    assert (before - apart).abs().max() > 1e-2


def test_an_adapter_that_already_moves_the_weights_along_b_is_refused():
    _, model, _ = trained("measure", 2, 4)
    with pytest.raises(
        Refusal, match="moves model.layers.0.self_attn.q_proj.weight along the columns"
    ):
        enforcer(model, "update")


def test_a_checkpoint_with_adapters_becomes_one_that_a_plain_model_loads_and_answers_with(tmp_path):
    _, model, _ = trained("update", 5, 4)
    plain = llama()
    plain.save_pretrained(tmp_path)  # the config; its weights are replaced by what verl saves
    save_file(
        {name: p.detach().clone() for name, p in model.state_dict().items()},
        tmp_path / "model.safetensors",
        metadata={"format": "pt"},
    )
    lora.merge_checkpoint(tmp_path, 8 / 4)
    ids = torch.randint(0, 64, (2, 12))
    found = LlamaForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    torch.testing.assert_close(
        found(input_ids=ids).logits, model(input_ids=ids).logits, rtol=0, atol=1e-5
    )
    assert (found(input_ids=ids).logits - plain(input_ids=ids).logits).abs().max() > 1e-2
