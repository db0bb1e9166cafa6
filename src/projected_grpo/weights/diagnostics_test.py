"""What a run says at its start and after each step."""

import pytest
import torch

from projected_grpo.testing.tiny_llama import enforcer, llama, trained
from projected_grpo.weights import constraint, diagnostics

torch.set_num_threads(1)


def test_a_run_whose_columns_hold_no_more_of_v_than_of_random_directions_says_so():
    verdict = diagnostics.verdict(diagnostics.table(enforcer(llama(), "update")))
    assert "at chance" in verdict and "no-op" in verdict


def test_a_run_whose_columns_hold_v_does_not():
    model = llama()
    v = torch.linalg.svd(model.model.layers[1].self_attn.o_proj.weight.detach()).U[:, 0]
    hook = enforcer(model, "update", v, projections=("o", "down"), layers=(0.5, 1.0))
    table = diagnostics.table(hook).filter(projection="o")
    assert table["cos_alpha"].item() == pytest.approx(1, abs=1e-4)
    assert diagnostics.verdict(table) is None


def test_the_aggregate_is_the_norm_weighted_share_of_the_rows():
    reading = diagnostics.read(trained("gradient", 2)[0])
    rows = reading.weights
    inside = (rows["cos_pre"] * rows["grad_norm_pre"]).to_torch().norm()
    whole = rows["grad_norm_pre"].to_torch().norm()
    assert reading.total["cos_pre"] == pytest.approx((inside / whole).item(), rel=1e-5)
    assert rows["chance"].unique().to_list() == [constraint.chance(32, 4)]
    assert rows["name"].n_unique() == len(rows) == 14
