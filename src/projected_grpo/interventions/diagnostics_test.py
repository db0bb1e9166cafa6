"""What a run says at its start and after each step."""

import pytest
import torch

from projected_grpo.interventions import diagnostics
from projected_grpo.interventions.constrain import Enforcer
from projected_grpo.interventions.constrain_test import V, arm, llama, trained
from projected_grpo.weights import constraint

torch.set_num_threads(1)


def test_a_run_whose_columns_hold_no_more_of_v_than_of_random_directions_says_so():
    told = arm("update")
    said = diagnostics.verdict(diagnostics.table(Enforcer(llama(), "llama", told, V)), told)
    assert "at chance" in said and "no-op" in said and "arm test" in said


def test_a_run_whose_columns_hold_v_does_not():
    model, told = llama(), arm("update", kinds=("o", "down"), layers=(0.5, 1.0), m=4)
    v = torch.linalg.svd(model.model.layers[1].self_attn.o_proj.weight.detach()).U[:, 0]
    table = diagnostics.table(Enforcer(model, "llama", told, v))
    assert table.filter(kind="o")["cos_alpha"].item() == pytest.approx(1, abs=1e-4)
    assert diagnostics.verdict(table.filter(kind="o"), told) is None


def test_the_aggregate_is_the_norm_weighted_share_of_the_rows():
    hook = trained("gradient", 2)[0]
    told, rows = diagnostics.read(hook)
    inside = (rows["cos_pre"] * rows["grad_norm_pre"]).to_torch().norm()
    assert told["constraint/cos_pre"] == pytest.approx(
        (inside / rows["grad_norm_pre"].to_torch().norm()).item(), rel=1e-5
    )
    assert (
        rows["chance"].unique().to_list() == [constraint.chance(32, 4)]
        and rows["name"].n_unique() == len(rows) == 14
    )
