"""Advantage Modification on hand-made groups, and its scores on a tiny Llama."""

import polars as pl
import pytest
import torch

from projected_grpo.directions.files import VHack, write_direction
from projected_grpo.interventions.advantage import Advantage
from projected_grpo.interventions.base import Setup, Site
from projected_grpo.testing.tiny_llama import V, llama

GROUPS = pl.DataFrame({"uid": ["a"] * 3 + ["b"] * 2, "hack_score": [0.0, 1.0, 2.0, 5.0, 5.0]})
A = torch.tensor([1.0, -1.0, 2.0, 0.5, -0.5])


def test_additive_takes_the_z_score_within_the_group():
    z = torch.tensor([-1.0, 0.0, 1.0]) / (2 / 3) ** 0.5
    changed = Advantage("additive", strength=0.5).advantage(A, GROUPS)
    torch.testing.assert_close(changed[:3], A[:3] - 0.5 * z)


def test_a_group_that_agrees_is_left_alone_by_both_forms():
    for form in ("additive", "multiplicative"):
        changed = Advantage(form).advantage(A, GROUPS)
        assert torch.equal(changed[3:], A[3:])


def test_multiplicative_shrinks_a_hack_like_success_and_deepens_a_hack_like_failure():
    hack_like = Advantage("multiplicative").advantage(A, GROUPS)[2]
    assert 0 < hack_like < A[2]
    failing = Advantage("multiplicative").advantage(-A, GROUPS)[2]
    assert failing < -A[2]


def test_a_small_spread_is_divided_by_the_floor():
    close = GROUPS.with_columns(pl.Series("hack_score", [0.0, 0.001, 0.002, 5.0, 5.0]))
    changed = Advantage("additive").advantage(A, close)
    assert (changed - A).abs().max() < 0.02


@pytest.mark.parametrize("form", ["additive", "multiplicative"])
def test_strength_zero_changes_no_bit(form):
    assert torch.equal(Advantage(form, strength=0.0).advantage(A, GROUPS), A)


def scored(tmp_path, ids: torch.Tensor, places: list[int]) -> torch.Tensor:
    """hack scores at these places of a packed row."""
    write_direction(VHack(V / V.norm(), 1, {"layer": 1}), tmp_path)
    arm, model = Advantage("additive"), llama()
    arm.attach(model, Site(Setup("llama", 32, tmp_path), tmp_path, 0, step=lambda: 1))
    with torch.no_grad():
        model(input_ids=ids[None])
    return arm.score(model, torch.tensor(places))["hack_score"]


def test_a_score_is_the_residual_stream_along_v_at_v_s_layer(tmp_path):
    ids = torch.randint(0, 64, (9,), generator=torch.Generator().manual_seed(1))
    h = llama()(input_ids=ids[None], output_hidden_states=True).hidden_states[1][0]
    expected = h[[4, 7]].detach() @ (V / V.norm())
    torch.testing.assert_close(scored(tmp_path, ids, [4, 7]), expected)


def test_the_prompts_last_token_does_nothing_within_a_group(tmp_path):
    prompt = torch.randint(0, 64, (5,), generator=torch.Generator().manual_seed(2))
    rows = []
    for seed in range(3):
        response = torch.randint(0, 64, (4,), generator=torch.Generator().manual_seed(seed))
        ids = torch.cat([prompt, response])
        at_prompt = scored(tmp_path, ids, [4]).mean().item()
        at_response = scored(tmp_path, ids, [5, 6, 7, 8]).mean().item()
        rows.append({"uid": "a", "at_prompt": at_prompt, "at_response": at_response})
    group, a = pl.DataFrame(rows), torch.tensor([1.0, 0.0, -1.0])
    arm = Advantage("additive", floor=1e-3)
    of_prompt = arm.advantage(a, group.rename({"at_prompt": "hack_score"}))
    of_response = arm.advantage(a, group.rename({"at_response": "hack_score"}))
    torch.testing.assert_close(of_prompt, a, rtol=0, atol=1e-3)
    assert (of_response - a).abs().max() > 0.5
