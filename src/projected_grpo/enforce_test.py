"""The arm on a whole (tiny, random) Llama under AdamW with weight decay: what each kind of arm does to gradients and weights."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from projected_grpo import constraint
from projected_grpo.arms import Arm
from projected_grpo.enforce import Enforcer
from projected_grpo.targets import KINDS


def arm(where: str, **changes) -> Arm:
    base = dict(
        name="test", loophole=True, where=where, v="real", v_seed=0, select="alignment", recipe="span", m=4, layers=(0.0, 1.0), kinds=KINDS, leak=True
    )
    return Arm(**{**base, **changes})


def trained(where: str, steps: int = 3, **changes) -> Enforcer:
    torch.manual_seed(0)
    shape = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
    model = LlamaForCausalLM(LlamaConfig(**shape))
    enforcer = Enforcer(model, "llama", arm(where, **changes), torch.randn(32))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    for _ in range(steps):
        ids = torch.randint(0, 64, (4, 12))
        model(input_ids=ids, labels=ids).loss.backward()
        enforcer.before_step()
        optimizer.step()
        enforcer.after_step()
        optimizer.zero_grad()
    return enforcer


def test_measuring_sees_a_share_near_chance_and_changes_nothing():
    told = trained("measure").metrics()
    assert told["constraint/cos_pre"] == told["constraint/cos_post"] and 0.1 < told["constraint/cos_pre"] < 0.9


def test_gradient_arm_empties_the_columns_of_the_gradient_but_adam_leaks():
    told = trained("gradient").metrics()
    assert told["constraint/cos_post"] < 1e-6 and told["constraint/leak"] > 1e-2


@pytest.mark.parametrize("recipe", ["span", "direction"])
def test_update_arm_holds_every_target_on_its_anchor(recipe):
    enforcer = trained("update", recipe=recipe)
    assert enforcer.metrics()["constraint/leak"] < 1e-5
    for w in enforcer.guarded:
        drift = constraint.anchor(w.param.detach(), w.B, w.target.side) - w.WB0
        assert drift.norm() / w.WB0.norm() < 1e-5, w.target.name


def test_every_role_of_every_block_is_guarded():
    assert len(trained("measure", steps=1).guarded) == 2 * len(KINDS)


def test_a_band_of_depth_guards_only_its_blocks():
    assert {w.target.layer for w in trained("measure", steps=1, layers=(0.6, 1.0)).guarded} == {1}
