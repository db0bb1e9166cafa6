"""Directions and columns on disk."""

import json

import pytest
import torch
from safetensors.torch import save_file

from projected_grpo.cli import Refusal
from projected_grpo.directions import files


def columns(r: int = 3) -> files.Columns:
    return files.Columns({"a": torch.eye(5)[:, :r].contiguous()}, {"d": 5})


def test_a_v_hack_of_another_width_is_refused_in_one_line(tmp_path):
    files.write_direction(files.VHack(torch.eye(5)[0], 3, {"layer": 3}), tmp_path)
    line = "is 5 wide but the model's residual stream is 8: extract it from this model"
    with pytest.raises(Refusal, match=line):
        files.read_direction(tmp_path, d=8)


def test_a_damaged_or_missing_v_hack_is_refused(tmp_path):
    with pytest.raises(Refusal, match="no v_hack in .*, extract it first"):
        files.read_direction(tmp_path, d=5)
    (tmp_path / "v_hack.safetensors").write_bytes(b"nonsense")
    (tmp_path / "v_hack.json").write_text(json.dumps({"layer": 3}))
    with pytest.raises(Refusal, match="is damaged"):
        files.read_direction(tmp_path, d=5)


def test_a_placebo_that_is_not_there_is_refused_with_the_number_that_makes_it(tmp_path):
    folder = tmp_path / "shuffled-s2"
    remedy = "is missing, make it with placebos=2"
    with pytest.raises(Refusal, match=f"no v_hack in .*shuffled-s2: .* {remedy}"):
        files.read_direction(folder, d=5)
    with pytest.raises(Refusal, match=f"no contrast columns in .*shuffled-s2: .* {remedy}"):
        files.read_columns(folder, d=5, m=1)


def test_columns_that_are_not_there_are_refused_with_the_command_that_makes_them(tmp_path):
    with pytest.raises(Refusal, match="make them with `just columns` or `just contrast MODEL"):
        files.read_columns(tmp_path, d=5, m=1)


def test_what_was_written_is_read_and_leaves_no_scratch_file(tmp_path):
    files.write_columns(columns(), tmp_path)
    files.write_direction(files.VHack(torch.eye(5)[1], 3, {"layer": 3}), tmp_path)
    assert torch.equal(files.read_columns(tmp_path, 5, 3).columns["a"], columns().columns["a"])
    assert torch.equal(files.read_direction(tmp_path, 5).v, torch.eye(5)[1])
    assert len(list(tmp_path.iterdir())) == 4


def test_files_made_when_a_placebo_was_called_control_are_read(tmp_path):
    manifest = {"layer": 3, "control": "shuffled", "seed": 0, "warm_started": True}
    for name, tensors in (("v_hack", {"v": torch.eye(5)[0]}), ("contrast", columns().columns)):
        save_file(tensors, tmp_path / f"{name}.safetensors")
        (tmp_path / f"{name}.json").write_text(json.dumps(manifest))
    assert files.read_direction(tmp_path, 5).manifest == manifest
    assert files.read_columns(tmp_path, 5, 3).manifest == manifest
