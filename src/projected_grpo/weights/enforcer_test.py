"""Columns on a whole model: what each place does to gradients and weights, LoRA or not."""

import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.testing.tiny_llama import (
    PER_BLOCK,
    adamw,
    block_weights,
    drift,
    enforcer,
    llama,
    train,
    trainable,
    trained,
)
from projected_grpo.weights import constraint, diagnostics

torch.set_num_threads(1)


def test_measuring_sees_a_share_near_chance_and_changes_nothing():
    total = diagnostics.read(trained("measure")[0]).total
    assert total["cos_pre"] == total["cos_post"] and 0.1 < total["cos_pre"] < 0.9


def test_an_edited_gradient_has_nothing_left_in_the_columns_but_adam_leaks():
    total = diagnostics.read(trained("gradient")[0]).total
    assert total["cos_post"] < 1e-6 and total["leak"] > 1e-2


@pytest.mark.parametrize("extent", ["span", "direction"])
@pytest.mark.parametrize("select", ["alignment", "value", "random"])
def test_an_edited_update_holds_whatever_chose_the_columns(extent, select):
    hook, model, start = trained("update", extent=extent, select=select)
    assert drift(hook, block_weights(model), start) < 1e-5
    assert diagnostics.read(hook).total["leak"] < 1e-4


def test_60_steps_drift_no_further_than_two_may():
    for steps in (2, 60):
        hook, model, start = trained("update", steps)
        assert drift(hook, block_weights(model), start) < 1e-5


def test_a_projected_gradient_alone_drifts_so_the_invariant_can_fail():
    hook, model, start = trained("gradient", 20)
    assert drift(hook, block_weights(model), start) > 1e-3


def test_in_bf16_as_vllm_receives_it_the_anchor_holds_to_that_types_rounding_and_no_better():
    hook, model, start = trained("update", 20)
    now = block_weights(model)
    rounded = {name: w.bfloat16().double() for name, w in now.items()}
    for w in hook.guarded:
        name = w.target.name
        change = constraint.anchor(rounded[name] - start[name], w.B, w.target.side).norm()
        # each entry is off by at most 2⁻⁹ of itself
        assert change < 2**-9 * now[name].norm() + 1e-5 * start[name].norm()
    assert drift(hook, rounded, start) > 1e-4


@pytest.mark.parametrize("rank", [0, 3])
def test_a_run_resumed_from_a_checkpoint_goes_on_as_if_never_stopped(rank):
    def begin():
        model = llama(rank)
        return model, enforcer(model, "update"), adamw(trainable(model))

    start = block_weights(llama(rank))
    # the second takes columns and anchors from the starting model too
    whole, first, second = begin(), begin(), begin()
    train(*whole, 6)
    train(*first, 3)
    second[0].load_state_dict(first[0].state_dict())
    second[2].load_state_dict(first[2].state_dict())
    train(*second, 3, first=3)
    now, unbroken = block_weights(second[0]), block_weights(whole[0])
    assert all(torch.equal(w, now[name]) for name, w in unbroken.items())
    assert drift(second[1], now, start) < 1e-5


@pytest.mark.parametrize("where", ["gradient", "update"])
@pytest.mark.parametrize("rank", [0, 3])
def test_no_columns_at_all_are_no_constraint_to_the_last_bit(where, rank):
    _, free, _ = trained("measure", rank=rank)
    _, model, _ = trained(where, rank=rank, m=0)
    now, unconstrained = block_weights(model), block_weights(free)
    assert all(torch.equal(w, now[name]) for name, w in unconstrained.items())


@pytest.mark.parametrize("where", ["gradient", "update"])
def test_the_norm_of_what_was_taken_out_is_reported(where):
    assert diagnostics.read(trained(where)[0]).total["taken"] > 0
    assert diagnostics.read(trained(where, m=0)[0]).total["taken"] == 0


def test_weights_that_the_optimizer_holds_in_bf16_are_refused():
    with pytest.raises(Refusal, match="bfloat16, too coarse"):
        enforcer(llama().bfloat16(), "update")


@pytest.fixture
def tf32(request):  # no generator: under the import hook pytest does not know it for one
    torch.set_float32_matmul_precision("high")
    request.addfinalizer(lambda: torch.set_float32_matmul_precision("highest"))


def test_products_in_tf32_are_refused(tf32):
    with pytest.raises(Refusal, match="needs fp32 products"):
        enforcer(llama(), "update")


def test_every_projection_of_every_block_is_guarded():
    assert len(trained("measure", steps=1)[0].guarded) == 2 * PER_BLOCK


def test_a_band_of_depth_guards_only_its_blocks():
    hook = trained("measure", steps=1, layers=(0.6, 1.0))[0]
    assert {w.target.layer for w in hook.guarded} == {1}
