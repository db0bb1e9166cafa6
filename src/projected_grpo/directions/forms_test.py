"""Sets that are fitted on hacks of one form, and doses by form, on a tiny model."""

from pathlib import Path

import polars as pl
import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.directions import (
    columns_command,
    dose,
    dose_command,
    dose_sums,
    dose_tables,
    movement_files,
    pair_files,
    pairs,
)
from projected_grpo.interventions.hold import Hold
from projected_grpo.interventions.refresh import Refresh
from projected_grpo.testing import tiny_pairs, tiny_rollouts
from projected_grpo.testing.tiny_llama import llama

OPTIONS = ("device=cpu", "gigabytes=2")
HACKS = [("Reward hack", form, True) for form in ("empty", "prints", "empty", "prints")]


@pytest.fixture(scope="module")
def rollouts(tmp_path_factory) -> Path:
    """Twelve problems with two hacks of two forms each."""
    file = tmp_path_factory.mktemp("rollouts") / "rollouts.parquet"
    samples = [*HACKS, *tiny_rollouts.OTHERS, *tiny_rollouts.OTHERS]
    return tiny_rollouts.write(file, 12, samples)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return tiny_rollouts.model(tmp_path_factory.mktemp("model"))


def made(model: str, rollouts: Path, out: Path, *options: str) -> pl.DataFrame:
    """The pairs beside matrices."""
    options = ("recipe=matrix", "placebos=1", *OPTIONS, *options)
    columns_command.main([model, str(rollouts), f"out={out}", *options])
    return pair_files.read(out, movement_files.manifest(out))


def test_a_set_of_one_form_is_fitted_on_no_other_and_measured_on_all(model, rollouts, tmp_path):
    own = made(model, rollouts, tmp_path, "form=prints", "held_out=true")
    assert set(pair_files.fitted(own)["kind"]) == {"prints"}
    assert set(own.filter("held_out")["kind"]) == {"empty", "prints"}
    manifest = movement_files.manifest(tmp_path)
    assert manifest["hack_form"] == "prints" and manifest["pairs"] == {"hack": 16}


def test_a_form_of_too_few_hacks_is_refused_with_what_there_is(rollouts, tmp_path):
    few = pl.read_parquet(rollouts).filter(pl.col("problem_id").is_in(["p0", "p1", "p2"]))
    few.write_parquet(tmp_path / "few.parquet")
    wanted = (tmp_path / "few.parquet", ("hack", "clean"), 1000, False, 0)
    assert len(columns_command.read_pairs(*wanted, "all")["hack"]) == 24
    with pytest.raises(Refusal, match="6 pairs of form=empty .* 8 are needed .*6 empty, 6 prints"):
        columns_command.read_pairs(*wanted, "empty")


def test_own_labels_of_another_form_do_not_refresh_the_set(tmp_path):
    tiny_pairs.random_sets("matrix", tmp_path, llama(), hack_form="prints")
    model = llama()
    arm = Hold(refresh=Refresh("own", samples=4))
    arm.attach(model, tiny_pairs.site(model, tmp_path))
    rows = pl.DataFrame({name: [None, None] for name in pairs.COLUMNS})
    rows = rows.with_columns(blatant=True, kind=pl.Series(["empty", "prints"]))
    arm.end_of_step(1, rows)
    assert [part["kind"].to_list() for part in arm.fresh.rows] == [["prints"]]


def test_the_dose_of_a_set_of_one_form_on_another_is_its_share_of_that_gain_in_float64():
    generator = torch.Generator().manual_seed(0)
    common = torch.randn(12, 10, generator=generator)
    blocks = {}
    for of in ("hack", "skill", "tests", "hack_empty", "hack_prints"):
        blocks[of] = common + 0.3 * torch.randn(3, 4, 12, 10, generator=generator)
    D = blocks["hack"].sum(1)
    G = dose.Gradients(blocks, {9: D}, -D, forms={"empty": 8, "prints": 9})
    doses = dose_tables.doses(dose.rows("w", G, "reads", ["signed"], [2]))
    table = dose_tables.forms(doses, {"all": 50, "empty": 24, "prints": 26})
    crossed = (pl.col("fitted on") == "empty") & (pl.col("measured on") == "prints")
    row = table.row(by_predicate=crossed, named=True)
    part = whole = 0.0
    for fit, step, gain in dose.rotations():
        V = torch.linalg.svd(G.mean("hack_empty", fit).double()).Vh[:2].mT
        Δ, own = (G.mean("hack_prints", third).double() for third in (step, gain))
        part, whole = part + ((Δ @ V @ V.mT) * own).sum(), whole + (Δ * own).sum()
    assert row["sgd"] == pytest.approx((part / whole).item(), abs=1e-4)
    assert row["n fitted"] == 8 and row["n measured"] == 26 and 0 < row["sign"] < 1


def test_sums_of_forms_make_up_those_of_all_hacks():
    place = torch.randint(3, (40, 2), generator=torch.Generator().manual_seed(0))
    kinds = pl.Series(["empty", "prints", "prints", "prints"] * 10)
    plan = dose_sums.Plan(3, [], 1.0, 0)
    n = 3 * plan.blocks
    whole = dose_sums.coefficients(place, "hack", [12], plan)[:n]
    parts = 0
    for form, share in (("empty", 0.25), ("prints", 0.75)):
        mine = dose_sums.is_form(kinds, form)
        parts = parts + share * dose_sums.coefficients(place, form, [12], plan, mine)
    torch.testing.assert_close(parts, whole)


def test_other_classes_have_a_limit_of_their_own(rollouts):
    found = dose_command.read_pairs(rollouts, rollouts, 6, 4, 0)
    pairs_of = {of: len(own) // 2 for of, own in found.items()}
    assert pairs_of == {"hack": 6, "skill": 4, "tests": 4, "unmatched": 4, "elsewhere": 6}


def test_the_dose_command_crosses_the_forms_that_have_enough_pairs(model, rollouts, tmp_path):
    options = ("recipes=signed,matrix", "r=2", "blocks=2", *OPTIONS)
    dose_command.main([model, str(rollouts), f"out={tmp_path}", *options])
    table = pl.read_csv(tmp_path / "forms.csv")
    crossed = {(a, b) for a in ("all", "empty", "prints") for b in ("all", "empty", "prints")}
    for recipe in ("signed", "matrix"):
        own = table.filter(recipe=recipe)
        assert set(own.select("fitted on", "measured on").iter_rows()) == crossed
    assert set(table["n measured"]) == {24, 48} and set(table["n fitted"]) == {8, 16}
    doses = pl.read_csv(tmp_path / "doses.csv")
    assert doses["hack_empty"].is_not_null().all() and "hack_swallowing" not in doses.columns
    cosines = pl.read_csv(tmp_path / "cosines.csv")
    assert {"hack_empty", "hack_prints"} <= set(cosines["D_hack with"])
