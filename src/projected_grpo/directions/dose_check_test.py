"""Doses against what real optimizer steps do to held-out pairs, in float64 on a small model."""

import polars as pl
import pytest
import torch

from projected_grpo.directions import dose, dose_check, dose_tables
from projected_grpo.directions.activations import Tokens
from projected_grpo.testing.tiny_llama import llama
from projected_grpo.weights import targets

PAIRS = [
    (Tokens([1, 2, 3], [4, 5 + i, 6]), Tokens([1, 2, 3], [7, 8, 9 + i, 10])) for i in range(12)
]
THIRD = torch.arange(12) % 3
R = 4


def side(model) -> dict[str, str]:
    return {t.name: t.side for t in targets.select(dict(model.named_parameters()), "llama")}


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    model = llama().double()
    start = {name: W.detach().clone() for name, W in model.named_parameters()}
    found = dose_check.table(model, PAIRS, THIRD, side(model), R, [1e-6, 1e-2])
    assert all(torch.equal(W, start[name]) for name, W in model.named_parameters())
    return found


@pytest.mark.parametrize("optimizer", dose_check.OPTIMIZERS)
def test_a_small_step_changes_held_out_pairs_as_predicted_and_a_large_one_does_not(
    optimizer, table
):
    small, large = table.filter(optimizer=optimizer).sort("size").iter_rows(named=True)
    for held in ("", "held, "):
        off = [one[f"{held}measured"] / one[f"{held}predicted"] - 1 for one in (small, large)]
        assert abs(off[0]) < 0.01 < abs(off[1])


@pytest.mark.parametrize("optimizer", dose_check.OPTIMIZERS)
def test_what_a_held_step_loses_is_its_dose(optimizer, table):
    small = table.filter(optimizer=optimizer).sort("size").row(0, named=True)
    assert small["dose, measured"] == pytest.approx(small["dose, predicted"], abs=0.01)
    assert 0.1 < small["dose, predicted"] < 1


@pytest.mark.parametrize(("optimizer", "kind"), [("sgd", "sgd"), ("adam", "sign")])
def test_its_dose_is_the_one_that_just_dose_reports_of_a_rotation(optimizer, kind, table):
    model = llama().double()
    sides = side(model)
    rows = []
    for name, D in dose_check.thirds(model, PAIRS, THIRD).items():
        blocks = {of: D[:, None] for of in ("hack", "skill", "tests")}
        G = dose.Gradients(blocks, {4: D}, D)
        rows.append(dose.rows(name, G, sides.get(name), ["signed"], [R]))
    first = pl.concat(rows).filter(rotation=0)
    found = dose_tables.doses(first).filter(labels="real", step=kind)["hack"].item()
    small = table.filter(optimizer=optimizer).sort("size").row(0, named=True)
    assert small["dose, predicted"] == pytest.approx(found, abs=0.01)
