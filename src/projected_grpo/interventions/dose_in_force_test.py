"""The dose in force against movements that are copied, and signal told from noise."""

import pytest
import torch

from projected_grpo.interventions.hold import Hold
from projected_grpo.interventions.pair_sums import flipped
from projected_grpo.interventions.refresh import Refresh
from projected_grpo.testing import tiny_pairs
from projected_grpo.testing.tiny_llama import llama, trainable

torch.set_num_threads(1)
OF_FIRST_FORM = ("gain_empty", "gain_taken_empty")


def move_along(model: torch.nn.Module, D: tuple[torch.Tensor, ...]) -> None:
    with torch.no_grad():
        for p, d in zip(model.parameters(), D, strict=True):
            p.add_(1e-3 * d)


def test_the_dose_is_the_share_of_the_updates_gain_that_was_taken(tmp_path):
    tiny_pairs.random_sets("signed", tmp_path, llama())
    model = llama().double()
    arm = Hold(refresh=Refresh("replay", samples=4, measure=4))
    arm.attach(model, tiny_pairs.site(model, tmp_path))
    (one, other) = arm.dose.order.all
    gain = 0
    for pair in (one, other):
        gain = gain + (tiny_pairs.ln_p(model, pair.one) - tiny_pairs.ln_p(model, pair.other)) / 2
    D = torch.autograd.grad(gain, list(model.parameters()))
    ids = torch.arange(20)[None]
    model(input_ids=ids, labels=ids).loss.backward()
    start = [p.detach().clone() for p in model.parameters()]
    arm.before_step()
    torch.optim.AdamW(trainable(model), lr=1e-2).step()
    free = [p.detach().clone() for p in model.parameters()]
    arm.after_step()
    U = sum(((x - y) * d).sum() for x, y, d in zip(free, start, D, strict=True)).item()
    left = sum(((p - y) * d).sum() for p, y, d in zip(model.parameters(), start, D, strict=True))
    found = arm.measured()
    assert found["hold/gain"] == pytest.approx(U, rel=1e-8)
    assert found["hold/gain_taken"] == pytest.approx(U - left.item(), rel=1e-8)
    assert found["hold/dose"] == pytest.approx(1 - left.item() / U, rel=1e-8)
    moved = zip(free, start, model.parameters(), strict=True)
    energies = [((x - p)[::16].square().sum(), (x - y)[::16].square().sum()) for x, y, p in moved]
    of_T, of_U = torch.tensor(energies).double().sum(0).tolist()
    assert found["hold/cost"] == pytest.approx(of_T / of_U, rel=1e-5) and 0 < of_T < of_U


def test_the_forms_of_the_held_out_pairs_have_gains_of_their_own(tmp_path):
    tiny_pairs.random_sets("signed", tmp_path, llama())
    model = llama().double()
    arm = Hold(refresh=Refresh(measure=4))
    arm.attach(model, tiny_pairs.site(model, tmp_path))
    pair = next(pair for pair in arm.dose.order.all if pair.kind == "prints")
    gain = tiny_pairs.ln_p(model, pair.one) - tiny_pairs.ln_p(model, pair.other)
    D = torch.autograd.grad(gain, list(model.parameters()))
    arm.before_step()
    move_along(model, D)
    arm.after_step()
    found = arm.measured()
    energy = sum(d.square().sum() for d in D).item()
    assert found["hold/gain_prints"] == pytest.approx(1e-3 * energy, rel=1e-8)
    for name in ("gain", "gain_taken"):
        forms = found[f"hold/{name}_prints"] + found[f"hold/{name}_empty"]
        assert found[f"hold/{name}"] == pytest.approx(forms / 2, rel=1e-8)


def test_hacks_of_the_step_before_have_a_gain_of_their_own_once(tmp_path):
    tiny_pairs.random_sets("signed", tmp_path, llama())
    model = llama().double()
    arm = Hold(refresh=Refresh(measure=4))
    arm.attach(model, tiny_pairs.site(model, tmp_path))
    arm.end_of_step(1, tiny_pairs.rollouts(1))
    (pair,) = arm.dose.own
    gain = tiny_pairs.ln_p(model, pair.one) - tiny_pairs.ln_p(model, pair.other)
    D = torch.autograd.grad(gain, list(model.parameters()))
    arm.before_step()
    start = [p.detach().clone() for p in model.parameters()]
    move_along(model, D)
    arm.after_step()
    found = arm.measured()
    energy = sum(d.square().sum() for d in D).item()
    moved = [p - x for p, x in zip(model.parameters(), start, strict=True)]
    left = sum((m * d).sum() for m, d in zip(moved, D, strict=True)).item()
    assert found["hold/gain_own"] == pytest.approx(1e-3 * energy, rel=1e-8)
    assert found["hold/gain_taken_own"] == pytest.approx(1e-3 * energy - left, rel=1e-8)
    arm.end_of_step(2, tiny_pairs.rollouts(0))
    arm.before_step()
    arm.after_step()
    assert "hold/gain_own" not in arm.measured()


def test_a_static_set_is_measured_where_it_is_asked_and_costs_nothing_else(tmp_path):
    tiny_pairs.random_sets("cell", tmp_path, llama())
    for measure, names in (
        (0, {"touched"}),
        (2, {"touched", "gain", "gain_taken", *OF_FIRST_FORM, "dose", "cost", "refresh_s"}),
    ):
        model = llama().double()
        arm = Hold(refresh=Refresh(measure=measure))
        arm.attach(model, tiny_pairs.site(model, tmp_path))
        arm.before_step()
        with torch.no_grad():
            model.lm_head.weight.mul_(1.01)
        arm.after_step()
        assert set(arm.measured()) == {f"hold/{name}" for name in names}


def test_flipped_energy_of_single_pairs_is_the_sum_of_their_energies():
    assert flipped(100.0, [3.0, 4.0, 5.0], [1, 1, 1]) == 12.0


def test_flipped_energy_of_groups_is_that_of_single_pairs_where_there_are_many_entries():
    generator = torch.Generator().manual_seed(0)
    g = torch.randn(13, 100_000, generator=generator, dtype=torch.float64) + 0.5
    single = g.square().sum().item()
    groups = g.split(4)
    energies = [part.sum(0).square().sum().item() for part in groups]
    whole = g.sum(0).square().sum().item()
    found = flipped(whole, energies, [len(part) for part in groups])
    assert found == pytest.approx(single, rel=0.01)
