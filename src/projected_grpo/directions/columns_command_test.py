"""The commands that make sets of movements and measure their doses, on a tiny model."""

from pathlib import Path

import polars as pl
import pytest
import torch
from transformers import LlamaForCausalLM

from projected_grpo.cli import Refusal
from projected_grpo.directions import (
    columns_command,
    dose_command,
    fitted,
    movement_files,
    pair_files,
    pair_gradients,
    placebos,
)
from projected_grpo.directions.files import read_columns
from projected_grpo.interventions.base import Setup, Site
from projected_grpo.interventions.hold import Hold
from projected_grpo.interventions.refresh import Refresh
from projected_grpo.testing import tiny_rollouts
from projected_grpo.testing.tiny_pairs import backward
from projected_grpo.weights.sets import taken

OPTIONS = ("device=cpu", "gigabytes=0.1")
DOWN = "model.layers.2.mlp.down_proj.weight"


@pytest.fixture(scope="module")
def rollouts(tmp_path_factory) -> Path:
    """Six problems with a hack each."""
    samples = [("Reward hack", "empty", True), *tiny_rollouts.OTHERS]
    return tiny_rollouts.write(tmp_path_factory.mktemp("rollouts") / "rollouts.parquet", 6, samples)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return tiny_rollouts.model(tmp_path_factory.mktemp("model"))


def made(model: str, rollouts: Path, out: Path, *options: str) -> None:
    columns_command.main([model, str(rollouts), f"out={out}", "r=3", *OPTIONS, *options])


def test_one_sided_sets_are_columns_with_a_placebo_a_seed(model, rollouts, tmp_path):
    made(model, rollouts, tmp_path, "recipe=signed", "placebos=2")
    real = read_columns(tmp_path, 64, 3)
    assert len(real.columns) == 28 and real.manifest["pairs"] == {"hack": 6}
    assert real.manifest["columns"] == "signed" and real.manifest["placebo"] is None
    for seed in (1, 2):
        placebo = read_columns(tmp_path / f"shuffled-s{seed}", 64, 3)
        assert placebo.manifest["placebo"] == "shuffled"
        B, other = (files.columns[DOWN] for files in (real, placebo))
        assert not (B @ B.T).allclose(other @ other.T, atol=1e-3)


def test_sets_in_a_weights_own_space_are_movements(model, rollouts, tmp_path):
    made(model, rollouts, tmp_path, "recipe=diagonal")
    sets = movement_files.read(tmp_path, {})
    assert sets.manifest["form"] == "diagonal" and set(sets.norms) == set(sets.of)
    assert all(of.U.shape[1] == 3 for of in sets.of.values())
    assert movement_files.read(tmp_path / "shuffled-s1", {}).manifest["placebo_seed"] == 1


def test_pairs_lie_beside_a_set_with_their_flips_and_the_third_that_was_held_out(
    model, rollouts, tmp_path
):
    made(model, rollouts, tmp_path, "recipe=against_skill", "held_out=true")
    real = read_columns(tmp_path, 64, 3).manifest
    flipped = read_columns(tmp_path / "shuffled-s1", 64, 3).manifest
    own = pair_files.read(tmp_path, real).filter(of="hack")
    other = pair_files.read(tmp_path / "shuffled-s1", flipped).filter(of="hack")
    assert own["problem_id"].n_unique() == 6 and real["pairs"] == {"hack": 4, "skill": 4}
    assert own.filter("held_out")["problem_id"].n_unique() == 2
    signs = pl.Series(placebos.flips(4, 1).repeat_interleave(2).numpy())
    assert (pair_files.fitted(other)["sign"] * signs).to_list() == [1, -1] * 4
    assert other.filter("held_out").equals(own.filter("held_out"))


@pytest.mark.parametrize("v, v_seed", [("real", 0), ("shuffled", 1)])
@pytest.mark.parametrize("recipe", ["signed", "against_skill", "cell", "matrix"])
def test_a_set_that_is_refreshed_at_the_start_is_the_one_that_was_made(
    recipe, v, v_seed, model, rollouts, tmp_path, monkeypatch
):
    # a refresh has other batches, and bf16 rounds them otherwise
    monkeypatch.setattr(pair_gradients, "compute_dtype", lambda device: torch.float32)
    made(model, rollouts, tmp_path, f"recipe={recipe}", "held_out=true")
    module = LlamaForCausalLM.from_pretrained(model)
    arm = Hold(v=v, v_seed=v_seed, refresh=Refresh("replay", half_life=0.0))
    setup = Setup("llama", 64, tmp_path)
    own = backward(module, lambda model, sample: pair_gradients.log_p(model, [sample])[0])
    site = Site(setup, tmp_path, 0, lambda: 1, Path(model), own)
    arm.attach(module, site)
    before = [(one.of, one.norm) for one in arm.held]
    arm.before_step()
    for one, (of, norm) in zip(arm.held, before, strict=True):
        x = torch.randn(one.param.shape, generator=torch.Generator().manual_seed(0))
        assert (taken(one.of, x) - taken(of, x)).norm() < 1e-3 * taken(of, x).norm()
        assert norm == 0 or one.norm == pytest.approx(norm, rel=1e-4)


def test_sets_know_the_problems_that_they_were_fitted_on(model, rollouts, tmp_path):
    some = pl.read_parquet(rollouts).filter(pl.col("problem_id") != "p3")
    some.write_parquet(tmp_path / "some.parquet")
    made(model, tmp_path / "some.parquet", tmp_path / "out", "recipe=matrix")
    assert fitted.problem_ids(tmp_path / "out") == {"p0", "p1", "p2", "p4", "p5"}


def of_down(folder: Path) -> torch.Tensor:
    """What a folder's set at one weight is made of, the first tensor of it."""
    if (folder / "contrast.json").exists():
        return read_columns(folder, 64, 3).columns[DOWN]
    return next(iter(vars(movement_files.read(folder, {}).of[DOWN]).values()))


@pytest.mark.parametrize("recipe", ["signed", "cell", "matrix"])
def test_controls_of_one_form_and_rank_come_from_the_same_pass(recipe, model, rollouts, tmp_path):
    made(model, rollouts, tmp_path, f"recipe={recipe}", "placebos=2")
    names = [f"{name}-s{seed}" for name in placebos.PLACEBOS for seed in (1, 2)]
    drawn = [of_down(folder) for folder in (tmp_path, *(tmp_path / name for name in names))]
    for i, one in enumerate(drawn):
        assert one.shape == drawn[0].shape
        assert not any(one.allclose(other) for other in drawn[:i])
        if recipe != "matrix":
            torch.testing.assert_close(one.mT @ one, torch.eye(3), rtol=0, atol=1e-5)


def test_controls_may_be_wider_than_the_set_so_that_an_arm_takes_as_many_as_cost_the_same(
    model, rollouts, tmp_path
):
    made(model, rollouts, tmp_path, "recipe=cell", "controls=shuffled,haar", "r_controls=7")
    assert of_down(tmp_path).shape == (64, 3)
    assert of_down(tmp_path / "haar-s1").shape == (64, 7)
    wide = of_down(tmp_path / "shuffled-s1")
    made(model, rollouts, tmp_path / "narrow", "recipe=cell", "controls=shuffled")
    narrow = of_down(tmp_path / "narrow" / "shuffled-s1")
    torch.testing.assert_close(wide[:, :3] @ wide[:, :3].mT, narrow @ narrow.mT, rtol=0, atol=1e-3)
    setup = Setup("llama", 64, tmp_path)
    Hold(v="shuffled", v_seed=1, m=7).check(setup)
    with pytest.raises(Refusal, match="m=8 does not fit: .* holds 7 .*just columns r_controls=8"):
        Hold(v="shuffled", v_seed=1, m=8).check(setup)


def test_controls_are_as_wide_as_costs_the_same_and_an_arm_takes_all_of_them(
    model, rollouts, tmp_path
):
    few = ("recipes=signed", "r=3,6", "blocks=2", "forms=false")
    dose_command.main([model, str(rollouts), f"out={tmp_path / 'dose'}", *OPTIONS, *few])
    equal = pl.read_csv(tmp_path / "dose" / "equal-cost.csv").filter(step="sign", r=3)
    width_of = dict(equal.select("control", pl.col("its r").round()).iter_rows())
    controls = ("recipe=signed", "controls=shuffled,haar", f"r_controls={tmp_path / 'dose'}")
    made(model, rollouts, tmp_path, *controls)
    setup = Setup("llama", 64, tmp_path)
    for v, name in (("shuffled", "flipped"), ("haar", "haar")):
        arm = Hold(v=v, v_seed=1)
        arm.check(setup)
        module = LlamaForCausalLM.from_pretrained(model)
        arm.attach(module, Site(setup, tmp_path, 0, lambda: 1))
        assert {one.of.B.shape[1] for one in arm.held} == {width_of[name]}
    with pytest.raises(Refusal, match="leave haar out of controls="):
        made(model, rollouts, tmp_path, "recipe=cell", *controls[1:])


def test_an_unknown_control_is_refused(rollouts, tmp_path):
    with pytest.raises(Refusal, match="controls=flips: expected any of shuffled"):
        made("smollm2-135m", rollouts, tmp_path, "recipe=signed", "controls=flips")


def test_samples_that_are_all_the_same_are_refused(model, rollouts, tmp_path):
    same = pl.read_parquet(rollouts).with_columns(prompt=pl.lit("one"), response=pl.lit("same"))
    same.write_parquet(tmp_path / "same.parquet")
    with pytest.raises(Refusal, match="no pair of the class hack"):
        made(model, tmp_path / "same.parquet", tmp_path / "out", "recipe=signed")


def test_an_unknown_recipe_is_refused_before_a_model_is_read(rollouts, tmp_path):
    with pytest.raises(Refusal, match="recipe=cells: expected one of against_skill"):
        columns_command.main(["no-model", str(rollouts), f"out={tmp_path}", "recipe=cells"])


def test_sets_of_another_source_and_sets_made_beforehand_have_doses_too(model, rollouts, tmp_path):
    for recipe in ("signed", "diagonal"):
        made(model, rollouts, tmp_path / recipe, f"recipe={recipe}", "placebos=0")
    old = f"sets={tmp_path / 'signed'},{tmp_path / 'diagonal'}"
    options = ("recipes=signed", "r=3", "blocks=2", f"fit={rollouts}", old)
    dose_command.main([model, str(rollouts), f"out={tmp_path}", *OPTIONS, *options])
    doses = pl.read_csv(tmp_path / "doses.csv").filter(step="sgd")
    real, elsewhere = (doses.filter(labels=labels) for labels in ("real", "elsewhere"))
    # the other source is the same file
    assert real["hack"].item() == pytest.approx(elsewhere["hack"].item(), abs=1e-3)
    given = doses.filter(labels="given")
    assert set(given["recipe"]) == {"signed", "diagonal"} and given["cost %"].min() > 0
    # fitted on all thirds, what is held of the step's own is more
    assert given.filter(recipe="signed")["cost %"].item() > real["cost %"].item()


def test_the_dose_command_measures_every_recipe_beside_its_controls(
    model, rollouts, tmp_path, capsys
):
    few = ("recipes=cell,signed,half_space", "r=2,4", "hacks=1,2", "blocks=2", "check=1e-6")
    dose_command.main([model, str(rollouts), f"out={tmp_path}", *OPTIONS, *few])
    doses = pl.read_csv(tmp_path / "doses.csv")
    assert set(doses["labels"]) == {"real", "flipped", "haar"}
    assert set(doses["hacks"]) == {1, 2}
    signed = doses.filter(recipe="signed", labels="real", step="sgd", hacks=2)
    assert signed["r"].to_list() and signed["cost %"].is_between(0, 100).all()
    where = pl.read_csv(tmp_path / "where.csv")
    assert {"q", "down", "embedding", "norms"} <= set(where["part"])
    kinds = where.filter(~pl.col("part").str.starts_with("depth"))
    for column in where.columns[1:]:
        assert kinds[column].sum() == pytest.approx(100, abs=1e-3)
    assert {f"depth {i}/6" for i in (1, 2, 4, 5)} <= set(where["part"])
    equal = pl.read_csv(tmp_path / "equal-cost.csv")
    assert set(equal["control"]) == {"flipped", "haar"}
    assert set(equal["recipe"]) == {"cell", "signed", "half_space", "half_space_jointly"}
    check = pl.read_csv(tmp_path / "check.csv")
    assert (check["measured"] / check["predicted"]).is_between(0.8, 1.2).all()
    assert (tmp_path / "dose.png").stat().st_size > 5_000
    assert "signal's share of D_hack's energy" in capsys.readouterr().out
