"""A share of the update taken at random, and targets that do not move."""

from functools import partial
from pathlib import Path

import peft
import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.interventions.base import Intervention, Setup, Site
from projected_grpo.interventions.constrain import Constrain
from projected_grpo.interventions.freeze import Freeze
from projected_grpo.interventions.shrink import Shrink
from projected_grpo.testing.tiny_llama import adamw, llama, train, trainable

torch.set_num_threads(1)
SITE = Site(Setup("llama", 32, None), Path("."), 0, step=lambda: 1)


def stepped(arm: Intervention, steps: int = 1, rank: int = 0) -> dict[str, torch.Tensor]:
    """All weights after steps of AdamW with weight decay."""
    model = llama(rank)
    arm.attach(model, SITE)
    train(model, arm, adamw(trainable(model)), steps)
    return {name: p.detach().clone() for name, p in model.named_parameters()}


class Nothing(Intervention):
    pass


def moved(arm: Intervention, steps: int = 1) -> dict[str, torch.Tensor]:
    start = dict(llama().named_parameters())
    return {name: p - start[name].detach() for name, p in stepped(arm, steps).items()}


@pytest.mark.parametrize("arm", [Shrink(0.0), Freeze(projections=())])
def test_where_nothing_is_taken_no_bit_differs(arm):
    free = stepped(Nothing(), 3)
    assert all(torch.equal(w, free[name]) for name, w in stepped(arm, 3).items())


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_shrink_takes_its_share_of_the_updates_energy(share):
    arm = Shrink(share)
    free, left = moved(Nothing()), moved(arm)
    names = [name for name in free if "_proj" in name]
    whole = sum(free[name].square().sum() for name in names)
    kept = sum(left[name].square().sum() for name in names)
    assert (1 - kept / whole).item() == pytest.approx(share, abs=0.02)
    assert arm.measured()["shrink/touched"] == pytest.approx(share, abs=0.02)


def test_shrink_leaves_other_weights_alone():
    free, left = moved(Nothing()), moved(Shrink(0.5))
    assert torch.equal(free["model.embed_tokens.weight"], left["model.embed_tokens.weight"])


def test_shrink_draws_anew_for_every_step_and_seed():
    one, same, other = (stepped(Shrink(0.5, seed), 2) for seed in (1, 1, 2))
    name = "model.layers.0.self_attn.q_proj.weight"
    assert torch.equal(one[name], same[name]) and not torch.equal(one[name], other[name])
    arm = Shrink(0.5)
    stepped(arm, 2)
    assert arm.state() == {"step": 2}


def test_a_share_beyond_one_is_refused():
    with pytest.raises(Refusal, match="share from 0 to 1"):
        Shrink(1.5).check(SITE.setup)


@pytest.mark.parametrize("mechanism", [partial(Shrink, 0.5), Freeze, partial(Constrain, "update")])
@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"projections": ("query",)}, "unknown projections"),
        ({"layers": (0.9, 0.1)}, "band of depth"),
    ],
)
def test_targets_that_cannot_be_are_refused_before_a_run(mechanism, settings, line, tmp_path):
    with pytest.raises(Refusal, match=line):
        mechanism(**settings).check(Setup("llama", 32, tmp_path))


@pytest.mark.parametrize("arm", [Shrink(0.5), Freeze()])
def test_adapters_that_stand_on_no_target_are_refused(arm):
    adapters = peft.LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=["lm_head"])
    with pytest.raises(Refusal, match="no adapter stands on a targeted weight"):
        arm.attach(peft.get_peft_model(llama(), adapters), SITE)


def test_frozen_targets_do_not_move_under_weight_decay_and_others_do():
    arm = Freeze(layers=(0.5, 1.0))
    Δ = moved(arm, 3)
    assert arm.measured()["freeze/touched"] > 0
    for name, x in Δ.items():
        frozen = "layers.1" in name and "_proj" in name
        assert (x.abs().max() == 0) == frozen, name


def test_frozen_adapters_leave_the_merged_weight_where_it_was():
    start = dict(llama(3).named_parameters())
    for name, p in stepped(Freeze(), 3, rank=3).items():
        if "_proj" in name:
            assert torch.equal(p, start[name]), name
