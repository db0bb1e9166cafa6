"""Movements that are held: exact after AdamW with weight decay, and free where they should be."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.directions import movement_files, recipes
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.interventions.base import Intervention, Setup, Site
from projected_grpo.interventions.hold import Hold
from projected_grpo.testing.tiny_llama import adamw, llama, train, trainable
from projected_grpo.testing.tiny_pairs import random_sets

torch.set_num_threads(1)
OPTIMIZERS = {
    "sgd with momentum": lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9),
    "adam": lambda params: torch.optim.Adam(params, lr=1e-2),
    "adafactor": lambda params: torch.optim.Adafactor(params, lr=1e-2),
    "rmsprop": lambda params: torch.optim.RMSprop(params, lr=1e-3),
    "nadam": lambda params: torch.optim.NAdam(params, lr=1e-2),
}


class Nothing(Intervention):
    pass


def sets(recipe: str, folder: Path, sign: int = 1) -> movement_files.Sets:
    """Of random D, a matrix a target, written to the folder."""
    random_sets(recipe, folder, llama(), sign=sign)
    return movement_files.read(folder, {})


def stepped(
    arm: Intervention, folder: Path | None, make: Callable = adamw
) -> dict[str, torch.Tensor]:
    """Every weight's movement over four steps, of AdamW with weight decay unless it is said, in
    float64.
    """
    model = llama().double()
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    arm.attach(model, Site(Setup("llama", 32, folder), Path("."), 0, step=lambda: 1))
    train(model, arm, make(trainable(model)), 4)
    return {name: p.detach() - start[name] for name, p in model.named_parameters()}


@pytest.mark.parametrize("recipe", ["cell", "diagonal", "matrix"])
def test_nothing_moves_inside_a_set_and_much_would(recipe, tmp_path):
    made = sets(recipe, tmp_path)
    free, held = stepped(Nothing(), None), stepped(Hold(), tmp_path)
    for name, of in made.of.items():
        inside = of.coordinates(held[name].float()).norm()
        assert inside < 1e-5 < 1e-3 < of.coordinates(free[name].float()).norm()


@pytest.mark.parametrize("recipe", ["cell", "diagonal", "matrix"])
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_nothing_moves_inside_a_set_whatever_the_optimizer(recipe, make, tmp_path):
    made = sets(recipe, tmp_path)
    moved = stepped(Hold(), tmp_path, make)
    for name, of in made.of.items():
        # a set's own rounding to fp32 is what is left
        inside = of.to(moved[name]).coordinates(moved[name]).norm()
        assert inside < 1e-6 * moved[name].norm() and moved[name].norm() > 1e-4


@pytest.mark.parametrize("bound", ["half", "half_jointly"])
def test_a_half_space_keeps_out_what_goes_its_way_alone(bound, tmp_path):
    arm = Hold(bound=bound)
    for sign in (1, -1):
        made = sets("half_space", tmp_path / f"{sign}", sign)
        free = stepped(Nothing(), None)
        held = stepped(Hold(bound=bound), tmp_path / f"{sign}")
        along = {name: made.of[name].coordinates(held[name].float()).item() for name in made.of}
        if bound == "half":
            assert max(along.values()) < 1e-5
        assert sum(along[name] * made.norms[name] for name in along) < 1e-4
        loose = {name: made.of[name].coordinates(free[name].float()).item() for name in made.of}
        # of two opposite half-spaces each weight is held by one at most
        if sign == 1:
            first = {name for name in along if abs(along[name] - loose[name]) > 1e-4}
    second = {name for name in along if abs(along[name] - loose[name]) > 1e-4}
    assert first | second and arm.bound == bound


def test_m_0_changes_no_bit(tmp_path):
    sets("cell", tmp_path)
    free, held = stepped(Nothing(), None), stepped(Hold(m=0), tmp_path)
    assert all(torch.equal(free[name], held[name]) for name in free)


@pytest.mark.parametrize("recipe", ["cell", "diagonal", "matrix", "signed"])
def test_coordinates_of_parts_of_the_rows_add_up_or_stand_beside_each_other(recipe):
    x = torch.randn(12, 10, generator=torch.Generator().manual_seed(1))
    D = torch.randn(12, 10, generator=torch.Generator().manual_seed(2))
    for side in ("reads", "writes"):
        of = recipes.get(recipe).fit(Classes(D), side, 3)
        parts = [slice(0, 5), slice(5, 12)]
        each = [of.rows(part).coordinates(x[part]) for part in parts]
        whole = sum(each) if of.summed else torch.cat(each)
        torch.testing.assert_close(whole, of.coordinates(x), rtol=1e-4, atol=1e-5)
        lifted = [
            of.rows(part).lift(whole if of.summed else c)
            for part, c in zip(parts, each, strict=True)
        ]
        torch.testing.assert_close(torch.cat(lifted), of.lift(whole), rtol=1e-4, atol=1e-5)


def test_what_cannot_hold_is_refused(tmp_path):
    setup = Setup("llama", 32, tmp_path)
    with pytest.raises(Refusal, match="just columns"):
        Hold().check(setup)
    sets("cell", tmp_path)
    Hold(m=4).check(setup)
    with pytest.raises(Refusal, match="m=64 does not fit: .* holds 4 directions.*columns r=64"):
        Hold(m=64).check(setup)
    with pytest.raises(Refusal, match="needs sets of form matrix"):
        Hold(bound="half").check(setup)
    narrow = movement_files.read(tmp_path, {})
    narrow.manifest.update(layers="0.5,1", projections="q,down")
    movement_files.write(narrow, tmp_path)
    with pytest.raises(Refusal, match="made with layers=0.5,1; choose a band inside"):
        Hold().check(setup)
    with pytest.raises(Refusal, match="projections=o are not there"):
        Hold(m=4, layers=(0.5, 1.0), projections=("q", "o")).check(setup)
    Hold(m=4, layers=(0.6, 0.9), projections=("q",)).check(setup)
