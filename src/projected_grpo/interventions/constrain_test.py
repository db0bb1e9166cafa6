"""Constrain on a tiny Llama: columns from a direction or made beforehand; what is refused."""

from pathlib import Path

import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.directions import contrast, gradients
from projected_grpo.directions.activations import Tokens
from projected_grpo.directions.files import (
    Columns,
    VHack,
    read_columns,
    write_columns,
    write_direction,
)
from projected_grpo.interventions.base import Setup, Site
from projected_grpo.interventions.constrain import Constrain
from projected_grpo.testing.tiny_llama import (
    V,
    adamw,
    block_weights,
    drift,
    llama,
    train,
    trainable,
)
from projected_grpo.weights import constraint, diagnostics, targets
from projected_grpo.weights.basis import assert_orthonormal

torch.set_num_threads(1)
SAMPLES = [Tokens([1, 2, 3 + i], [5 + i, 6, 7, 8 + i]) for i in range(6)]
LABELS = torch.tensor([[1, 0, 1, 0, 1, 0], [0, 0, 1, 1, -1, -1]])


def site(folder: Path, v_hack: Path | None = None) -> Site:
    return Site(Setup("llama", 32, v_hack or folder), folder, 0, step=lambda: 1)


def prepared(folder: Path, r: int = 6) -> torch.nn.Module:
    """A model of which `folder` holds contrast columns of its upper block, and a placebo's."""
    model = llama()
    chosen = targets.select(dict(model.named_parameters()), "llama", (0.5, 1.0))
    grads = gradients.of_samples(model, SAMPLES, [t.name for t in chosen])
    streams = contrast.moments(grads, chosen, LABELS)
    for place, moments in zip((folder, folder / "shuffled-s3"), streams, strict=True):
        columns = contrast.fit(moments, chosen, r, 1.0)
        write_columns(Columns(columns, {"d": 32}), place)
    return model.requires_grad_(True)


@pytest.mark.parametrize("v", ["real", "shuffled"])
def test_prepared_columns_stay_out_of_the_movement(v, tmp_path):
    model = prepared(tmp_path)
    arm = Constrain("update", "prepared", v, v_seed=3, m=4, layers=(0.5, 1.0))
    arm.attach(model, site(tmp_path))
    start = block_weights(model)
    train(model, arm, adamw(trainable(model)), 5)
    assert drift(arm.hook, block_weights(model), start) < 1e-5
    folder = tmp_path if v == "real" else tmp_path / "shuffled-s3"
    columns = read_columns(folder, 32, 4).columns
    for w in arm.hook.guarded:
        assert_orthonormal(w.B)
        assert torch.equal(w.B, columns[w.target.name][:, :4])
        before = start[w.target.name].float()
        assert constraint.leak(w.param.detach(), before, w.B, w.target.side) < 1e-4


def test_prepared_columns_claim_no_cosine_and_no_verdict(tmp_path):
    model = prepared(tmp_path)
    arm = Constrain("update", "prepared", m=4, layers=(0.5, 1.0))
    arm.attach(model, site(tmp_path))
    table = diagnostics.table(arm.hook)
    assert table["cos_alpha"].null_count() == len(table) == 7
    assert diagnostics.verdict(table) is None


def test_weights_without_columns_are_refused_by_name(tmp_path):
    model = prepared(tmp_path)
    arm = Constrain("update", "prepared", m=4, layers=(0.0, 1.0))
    with pytest.raises(Refusal, match="no columns for model.layers.0.self_attn.q_proj.weight"):
        arm.attach(model, site(tmp_path))


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"columns": "prepared"}, "no contrast columns in"),
        ({}, "no v_hack in"),
        ({"v": "shuffled", "v_seed": 9}, "placebos=9"),
        ({"columns": "prepared", "extent": "direction"}, "are of singular vectors"),
        ({"columns": "prepared", "select": "value"}, "are of singular vectors"),
        ({"m": 33}, "m=33 does not fit"),
    ],
)
def test_what_cannot_hold_is_refused_before_a_run(settings, line, tmp_path):
    with pytest.raises(Refusal, match=line):
        Constrain("gradient", **settings).check(Setup("llama", 32, tmp_path))


def test_an_arm_that_constrains_needs_a_direction():
    with pytest.raises(Refusal, match="needs v_hack=FOLDER"):
        Constrain("gradient").check(Setup("llama", 32, None))


def test_an_arm_that_measures_runs_without_a_direction_and_measures_nothing(tmp_path):
    arm = Constrain("measure")
    arm.check(Setup("llama", 32, None))
    arm.attach(llama(), Site(Setup("llama", 32, None), tmp_path, 0, step=lambda: 1))
    assert arm.measured() == {} and not list(tmp_path.iterdir())


def test_every_step_leaves_a_row_for_every_weight(tmp_path):
    import polars as pl

    write_direction(VHack(V / V.norm(), 2, {"layer": 2}), tmp_path)
    model = llama()
    arm = Constrain("gradient", m=4, layers=(0.0, 1.0))
    arm.attach(model, site(tmp_path))
    train(model, arm, adamw(trainable(model)), 1)
    metrics = arm.measured()
    assert metrics["constrain/touched"] > 0 and metrics["constraint/cos_post"] < 1e-5
    rows = pl.read_parquet(tmp_path / "constraint" / "00001.parquet")
    assert len(rows) == 14 and len(pl.read_parquet(tmp_path / "basis.parquet")) == 14
