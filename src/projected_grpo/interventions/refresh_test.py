"""Sets that are kept fresh, in float64 on a tiny model: what is fitted, held, averaged and kept."""

from copy import deepcopy
from pathlib import Path

import polars as pl
import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.directions import pair_files, recipes
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.interventions.base import Setup
from projected_grpo.interventions.hold import Hold
from projected_grpo.interventions.refresh import Refresh, read_pairs
from projected_grpo.testing import tiny_pairs
from projected_grpo.testing.tiny_llama import adamw, llama, train, trainable
from projected_grpo.weights import sets

torch.set_num_threads(1)
ALL = Refresh("replay", half_life=0.0)


class Run:
    """An arm on the tiny model, step by step."""

    def __init__(self, arm: Hold, folder: Path) -> None:
        self.arm, self.model = arm, llama().double()
        arm.attach(self.model, tiny_pairs.site(self.model, folder))
        self.optimizer = adamw(trainable(self.model))

    def step(self, n: int = 1) -> None:
        train(self.model, self.arm, self.optimizer, n, first=self.arm.step)

    def weights(self) -> dict[str, torch.Tensor]:
        return {name: p.detach().clone() for name, p in self.model.named_parameters()}


def gradient(model: torch.nn.Module, folder: Path, which: list[int]) -> dict[str, torch.Tensor]:
    """Σ g over these of the fitted pairs, by autograd."""
    pairs = read_pairs(folder, pair_files.fitted(pl.read_parquet(folder / "pairs.parquet")), "hack")
    names, params = zip(*model.named_parameters(), strict=True)
    total = 0
    for i in which:
        one, other = (tiny_pairs.ln_p(model, s) for s in (pairs[i].one, pairs[i].other))
        total = total + one - other
    return dict(zip(names, torch.autograd.grad(total, params), strict=True))


@pytest.mark.parametrize("recipe", ["signed", "cell", "diagonal", "matrix"])
def test_the_first_refresh_fits_the_recipe_to_all_fitted_pairs(recipe, tmp_path):
    tiny_pairs.random_sets(recipe, tmp_path, llama())
    run = Run(Hold(refresh=ALL), tmp_path)
    D = gradient(run.model, tmp_path, [0, 1, 2, 3])
    run.arm.before_step()
    for one in run.arm.held:
        name, side = one.target.name, one.target.side
        expected = recipes.get(recipe).fit(Classes(D[name] / 4), side, 4)
        x = torch.randn_like(D[name])
        torch.testing.assert_close(sets.taken(one.of, x), sets.taken(expected, x))
        assert one.norm == pytest.approx(D[name].norm().item() / 4)


@pytest.mark.parametrize("recipe", ["signed", "cell", "matrix"])
def test_after_a_refresh_nothing_moves_inside_the_new_set(recipe, tmp_path):
    tiny_pairs.random_sets(recipe, tmp_path, llama())
    run = Run(Hold(refresh=Refresh("replay", every=2, samples=4)), tmp_path)
    run.step(2)
    anchors, old = run.weights(), [one.of for one in run.arm.held]
    run.step(2)
    for one, before in zip(run.arm.held, old, strict=True):
        moved = one.param.detach() - anchors[one.target.name]
        assert one.of.coordinates(moved).norm() < 1e-12
        # what the old set would have kept out
        assert before.coordinates(moved).norm() > 1e-6


def test_after_a_refresh_nothing_raises_along_the_new_half_space_and_something_lowers(tmp_path):
    tiny_pairs.random_sets("half_space", tmp_path, llama())
    run = Run(Hold(bound="half", refresh=Refresh("replay", every=2, samples=4)), tmp_path)
    run.step(2)
    anchors = run.weights()
    run.step(2)
    along = []
    for one in run.arm.held:
        moved = one.param.detach() - anchors[one.target.name]
        along.append(one.of.coordinates(moved).item())
    assert max(along) < 1e-12 and min(along) < -1e-4


def test_after_a_half_life_a_pairs_gradient_counts_half(tmp_path):
    tiny_pairs.random_sets("matrix", tmp_path, llama())
    run = Run(Hold(refresh=Refresh("replay", every=3, samples=4, half_life=3.0)), tmp_path)
    first = gradient(run.model, tmp_path, [0, 1, 2, 3])
    run.step(3)
    second = gradient(run.model, tmp_path, [0, 1])
    run.arm.before_step()
    for one in run.arm.held:
        name = one.target.name
        D = (first[name] / 2 + second[name]) / (4 / 2 + 2)
        torch.testing.assert_close(one.of.D, D / D.norm())
    assert run.arm.fresh.orders["hack"].place == 2


def test_own_without_hacks_leaves_the_set_as_it_was_and_with_hacks_does_not(tmp_path):
    tiny_pairs.random_sets("matrix", tmp_path, llama())
    run = Run(Hold(bound="half", refresh=Refresh("own", samples=4)), tmp_path)
    run.step()
    before = [(one.of, one.start) for one in run.arm.held]
    for hacks in (0, 2):
        run.arm.end_of_step(1, tiny_pairs.rollouts(hacks))
        run.step()
        now = [(one.of, one.start) for one in run.arm.held]
        same = [a is b and c is d for (a, c), (b, d) in zip(now, before, strict=True)]
        assert all(same) if hacks == 0 else not any(same)


def test_a_refresh_leaves_gradients_random_numbers_and_modes_as_they_were(tmp_path):
    tiny_pairs.random_sets("matrix", tmp_path, llama())
    run = Run(Hold(refresh=Refresh("replay", samples=4, measure=2)), tmp_path)
    ids = torch.arange(12)[None]
    run.model(input_ids=ids, labels=ids).loss.backward()
    grads = [p.grad for p in run.model.parameters()]
    values = [g.clone() for g in grads]
    random, mode = torch.get_rng_state(), run.model.training
    run.arm.before_step()
    for p, grad, value in zip(run.model.parameters(), grads, values, strict=True):
        assert p.grad is grad and torch.equal(grad, value) and p.requires_grad
    assert torch.equal(torch.get_rng_state(), random) and run.model.training == mode


@pytest.mark.parametrize("source", ["replay", "own"])
def test_a_resumed_run_goes_on_as_the_unbroken_one(source, tmp_path):
    tiny_pairs.random_sets("half_space", tmp_path, llama())
    settings = Refresh(source, every=2, samples=2, half_life=2.0, measure=2)
    first = Run(Hold(bound="half", refresh=settings), tmp_path)
    first.step(3)
    first.arm.end_of_step(3, tiny_pairs.rollouts(2))
    second = Run(Hold(bound="half", refresh=settings), tmp_path)
    second.model.load_state_dict(first.model.state_dict())
    second.optimizer.load_state_dict(deepcopy(first.optimizer.state_dict()))
    torch.save(first.arm.state(), tmp_path / "state.pt")
    second.arm.load_state(torch.load(tmp_path / "state.pt"))
    for run in (first, second):
        run.step(3)
    now = second.weights()
    assert all(torch.equal(w, now[name]) for name, w in first.weights().items())
    assert {**first.arm.measured(), "hold/refresh_s": 0} == {
        **second.arm.measured(),
        "hold/refresh_s": 0,
    }


def test_what_cannot_be_kept_fresh_is_refused(tmp_path):
    setup = Setup("llama", 32, tmp_path)
    tiny_pairs.random_sets("cell", tmp_path, llama())
    Hold(m=4, refresh=Refresh("replay", measure=2)).check(setup)
    for refresh, m, line in (
        (Refresh("replay"), 0, "m=0 holds nothing"),
        (Refresh("replay", every=0), 4, "every=0"),
        (Refresh("own", samples=3), 4, "samples=3: expected an even number"),
        (Refresh("own", samples=2, half_life=-1.0), 4, "half_life=-1"),
    ):
        with pytest.raises(Refusal, match=line):
            Hold(m=m, refresh=refresh).check(setup)
    pairs = pl.read_parquet(tmp_path / "pairs.parquet")
    pairs.head(4).write_parquet(tmp_path / "pairs.parquet")
    with pytest.raises(Refusal, match="is not what the set in"):
        Hold(m=4, refresh=Refresh("replay")).check(setup)
