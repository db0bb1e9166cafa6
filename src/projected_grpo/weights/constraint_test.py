"""The constraint against plain float64 linear algebra, under real optimizers, and on two real
ranks.
"""

import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from projected_grpo.weights.constraint import (
    anchor,
    chance,
    energy,
    leak,
    project,
    ratio,
    restore,
    share,
)

torch.set_num_threads(1)  # tiny tensors: threads would only wait for each other
SIDES = ("reads", "writes")
sides = st.sampled_from(SIDES)
seeds = st.integers(0, 2**31)
widths = st.integers(1, 12)
quick = settings(max_examples=40, deadline=None)


def draw(seed, side, d, other, r, dtype=torch.float64):
    """A gradient-shaped x, columns B [d r] and the float64 projector P = B Bᵀ, independent of the
    code under test.
    """
    generator = torch.Generator().manual_seed(seed)
    shape = (other, d) if side == "reads" else (d, other)
    x = torch.randn(*shape, generator=generator, dtype=torch.float64)
    B = torch.linalg.qr(torch.randn(d, r, generator=generator, dtype=torch.float64)).Q
    return x.to(dtype), B.to(dtype), B @ B.T


@quick
@given(seeds, sides, widths, widths, st.data())
def test_project_equals_the_dense_float64_projector(seed, side, d, other, data):
    x, B, P = draw(seed, side, d, other, data.draw(st.integers(1, d)))
    eye = torch.eye(d, dtype=torch.float64)
    expected = x @ (eye - P) if side == "reads" else (eye - P) @ x
    torch.testing.assert_close(project(x, B, side), expected, rtol=0, atol=1e-12)


@quick
@given(seeds, sides, widths, widths, st.data())
def test_projecting_twice_changes_nothing_and_leaves_nothing_inside_b(seed, side, d, other, data):
    x, B, _ = draw(seed, side, d, other, data.draw(st.integers(1, d)))
    once = project(x, B, side)
    torch.testing.assert_close(project(once, B, side), once, rtol=0, atol=1e-12)
    assert anchor(once, B, side).abs().max() < 1e-12


@quick
@given(seeds, sides, widths, widths, st.data())
def test_share_is_the_norm_ratio_and_pythagoras_holds(seed, side, d, other, data):
    x, B, P = draw(seed, side, d, other, data.draw(st.integers(1, d)))
    inside = x @ P if side == "reads" else P @ x
    assert share(x, B, side).item() == pytest.approx((inside.norm() / x.norm()).item(), abs=1e-9)
    outside = project(x, B, side).norm() / x.norm()
    assert share(x, B, side).item() ** 2 + outside.item() ** 2 == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("side", SIDES)
def test_a_zero_gradient_stays_zero_and_its_share_is_zero_not_nan(side):
    x, B, _ = draw(0, side, 6, 4, 2)
    assert torch.equal(project(0 * x, B, side), 0 * x)
    assert share(0 * x, B, side).item() == 0


@pytest.mark.parametrize("side", SIDES)
def test_the_share_of_a_tiny_fp32_gradient_does_not_underflow(side):
    x, B, _ = draw(0, side, 6, 4, 2, torch.float32)
    assert share(x * 1e-30, B, side).item() == pytest.approx(share(x, B, side).item(), rel=1e-4)


@pytest.mark.parametrize("side", SIDES)
def test_the_mean_square_share_of_random_gradients_is_at_chance(side):
    shares = [share(*draw(seed, side, 24, 16, 3)[:2], side).item() ** 2 for seed in range(200)]
    assert math.sqrt(sum(shares) / 200) == pytest.approx(chance(24, 3), rel=0.05)


def train(
    side, how, steps=30, optimizer=torch.optim.AdamW, rank_deficient=False, dtype=torch.float32
):
    """A few steps on a nonlinear loss; how: "none", "gradient" or "update". Returns W, W0, B."""
    d, other, r = 32, 24, 4
    x, B, _ = draw(0, side, d, other, r, torch.float32)
    if rank_deficient:
        x = x[:, :2] @ torch.randn(2, x.shape[1], generator=torch.Generator().manual_seed(3))
    W = torch.nn.Parameter(x.to(dtype))
    W0, WB0 = W.detach().clone(), anchor(W.detach(), B, side)
    optimizer = optimizer([W], lr=3e-2, weight_decay=0.1)
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        optimizer.zero_grad()
        for _ in range(2):  # accumulation
            h = torch.randn(16, W.shape[1], generator=generator).to(dtype)
            torch.tanh(h @ W.T + 1).square().sum().backward()
        if how == "gradient":
            W.grad.copy_(project(W.grad, B, side))
        torch.nn.utils.clip_grad_norm_([W], 1.0)
        optimizer.step()
        if how == "update":
            restore(W, WB0, B, side)
    return W.detach(), W0, B


def drift(W, W0, B, side):
    """Relative change of the anchor, in float64."""
    W, W0, B = W.double(), W0.double(), B.double()
    return ((anchor(W, B, side) - anchor(W0, B, side)).norm() / anchor(W0, B, side).norm()).item()


@pytest.mark.parametrize("optimizer", [torch.optim.AdamW, torch.optim.SGD])
@pytest.mark.parametrize("side", SIDES)
def test_restore_holds_the_anchor_to_1e5_under_a_real_optimizer_with_weight_decay(side, optimizer):
    W, W0, B = train(side, "update", optimizer=optimizer)
    assert (W - W0).norm() / W0.norm() > 1e-2  # it did train
    assert drift(W, W0, B, side) < 1e-5
    assert leak(W, W0, B, side).item() < 1e-5


@pytest.mark.parametrize("side", SIDES)
def test_restore_holds_the_anchor_of_a_rank_deficient_weight(side):
    W, W0, B = train(side, "update", rank_deficient=True)
    assert torch.linalg.matrix_rank(W0) == 2
    assert drift(W, W0, B, side) < 1e-5


@pytest.mark.parametrize("side", SIDES)
def test_a_bf16_weight_is_restored_to_bf16_rounding_only(side):
    W, W0, B = train(side, "update", dtype=torch.bfloat16)
    assert 1e-5 < drift(W, W0, B, side) < 2**-7


@pytest.mark.parametrize("side", SIDES)
def test_a_projected_gradient_leaks_under_adamw_so_the_leak_metric_can_fail(side):
    W, W0, B = train(side, "gradient")
    assert leak(W, W0, B, side).item() > 0.02
    assert drift(W, W0, B, side) > 1e-3


@pytest.mark.parametrize("side", SIDES)
def test_a_projected_gradient_does_not_leak_under_plain_sgd(side):
    sgd = lambda parameters, lr, weight_decay: torch.optim.SGD(parameters, lr=lr)  # noqa: E731
    W, W0, B = train(side, "gradient", optimizer=sgd)
    assert leak(W, W0, B, side).item() < 1e-5


@quick
@given(seeds, sides, st.integers(2, 12), widths, st.data())
def test_leak_is_zero_exactly_when_the_movement_is_orthogonal_to_b(seed, side, d, other, data):
    x, B, P = draw(seed, side, d, other, data.draw(st.integers(1, d - 1)))
    W0 = draw(seed + 1, side, d, other, 1)[0]
    assert leak(W0 + project(x, B, side), W0, B, side).item() < 1e-9
    inside = x @ P if side == "reads" else P @ x
    assert leak(W0 + inside, W0, B, side).item() == pytest.approx(1, abs=1e-9)
    assert leak(W0, W0, B, side).item() == 0


@pytest.mark.parametrize("side", SIDES)
def test_restore_edits_the_weight_in_place_and_keeps_the_step_outside_b(side):
    x, B, _ = draw(0, side, 8, 5, 3)
    step = draw(1, side, 8, 5, 1)[0]
    W = torch.nn.Parameter(x + step)
    returned = restore(W, anchor(x, B, side), B, side)
    assert returned.data_ptr() == W.data_ptr()
    torch.testing.assert_close(W.detach(), x + project(step, B, side))


def rank_main(rank, store):
    """One of two gloo ranks with uneven rows (rank 1 holds 1 of 7, then none): its rows must equal
    the whole's.
    """
    group = torch.distributed.ProcessGroupGloo(store, rank, 2, timedelta(seconds=60))

    def add(x):
        group.allreduce([x]).wait()
        return x

    for side, split in itertools.product(SIDES, (6, 7)):
        x, B, _ = draw(0, side, 7, 7, 2)
        moved = x + draw(1, side, 7, 7, 1)[0]
        rows = slice(0, split) if rank == 0 else slice(split, 7)
        args = (B[rows], side, add) if side == "writes" else (B, side)
        torch.testing.assert_close(project(x[rows], *args), project(x, B, side)[rows])
        ranks = 2 if side == "writes" else 1  # on how many the anchor stands whole
        torch.testing.assert_close(
            ratio(add(energy((moved - x)[rows], *args, ranks=ranks))), leak(moved, x, B, side)
        )
        W = restore(moved[rows].clone(), anchor(x[rows], *args), *args)
        torch.testing.assert_close(W, restore(moved.clone(), anchor(x, B, side), B, side)[rows])


def test_two_ranks_with_uneven_and_empty_shards_give_the_same_update_as_one():
    store = torch.distributed.HashStore()
    with ThreadPoolExecutor(
        2
    ) as ranks:  # two threads: gloo's all-reduce is the same as between processes
        list(ranks.map(rank_main, (0, 1), (store, store)))
