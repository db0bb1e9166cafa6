from hashlib import sha256

import numpy as np
import pytest
from huggingface_hub import ModelCard
from safetensors.numpy import save_file
from scipy import stats as reference

from projected_grpo import runs
from projected_grpo.cli import Refusal
from projected_grpo.report.card_command import main
from projected_grpo.runs.run import write_manifest
from projected_grpo.testing.run_folders import add


@pytest.fixture
def run(tmp_path, monkeypatch) -> runs.Run:
    """Finished, evaluated, with weights."""
    monkeypatch.setenv("PROJECTED_GRPO_COMMIT", "feedbeef0123")
    settings = {"samples": str(tmp_path / "samples.parquet")}
    run = add(tmp_path, "project", 3, (3, 2, 4), settings=settings, v_hack={"layer": 20})
    (run.path / "ckpt").mkdir()
    save_file({"w": np.ones((2, 3), np.float32)}, run.path / "ckpt/model.safetensors")
    (run.path / "ckpt/config.json").write_text("{}")
    return run


def made(run: runs.Run) -> str:
    main([str(run.path)])
    return (run.path / "ckpt/README.md").read_text()


def cells(text: str, first: str) -> list[str]:
    """Of the table's row that begins so."""
    (row,) = [line for line in text.splitlines() if line.startswith(f"| {first} ")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_the_hub_reads_its_metadata_back(run):
    made(run)
    card = ModelCard.load(run.path / "ckpt/README.md")
    assert card.data.base_model == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert card.data.library_name == "transformers"
    assert "reward-hacking" in card.data.tags
    assert card.text.strip().startswith("# demo/project-s3")


def test_a_model_that_no_hub_has_is_named_in_the_text_alone(run):
    manifest = {**run.manifest, "model": "/elsewhere/smollm2-135m-c6a05a8edb"}
    text = made(write_manifest(run.path, manifest))
    assert ModelCard(text).data.base_model is None
    assert "- base model: smollm2-135m-c6a05a8edb (taught)" in text


def test_rates_are_those_of_the_runs_evaluation_with_scipys_wilson_intervals(run):
    row = cells(made(run), "overwrite_tests")
    assert row[1:3] == ["3", "12"]
    low, high = reference.binomtest(9, 12).proportion_ci(method="wilson")
    assert row[3] == f"75.0 [{100 * low:.1f}, {100 * high:.1f}]"


def test_rewards_outcome_seed_and_provenance_are_those_of_the_runs_files(run):
    text = made(run)
    assert cells(text, "Reward hack")[1:] == ["3", "3.5", "3.5, 3.5"]
    assert cells(text, "Incorrect")[1:] == ["3", "0.5", "0.5, 0.5"]
    for fact in (
        "over training steps: 37.5 %",
        "It took off at step 1.",
        "- One run of seed 3:",
        "- commit: feedbeef01",
        "- device: CPU, 2 cores",
        "- loophole: overwrite_tests",
        "- v_hack: layer 20",
        "- mechanism: constrain",
        "its starting weights had been taught",
    ):
        assert fact in text


def test_the_weights_are_named_by_their_sums_and_no_path_of_the_machine_is(run, tmp_path):
    text = made(run)
    digest = sha256((run.path / "ckpt/model.safetensors").read_bytes()).hexdigest()
    assert cells(text, "model.safetensors")[2] == digest
    assert str(tmp_path) not in text


def test_out_gets_a_copy_of_the_weights_and_the_card_and_the_run_stays_as_it_was(run, tmp_path):
    main([str(run.path), f"out={tmp_path / 'shared/project'}"])
    out = tmp_path / "shared/project"
    names = sorted(file.name for file in out.iterdir())
    assert names == ["README.md", "config.json", "model.safetensors"]
    weights = [folder / "model.safetensors" for folder in (out, run.path / "ckpt")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert not (run.path / "ckpt/README.md").exists()
    assert [folder.name for folder in out.parent.iterdir()] == ["project"]


def test_a_folder_that_is_there_is_not_written_into(run, tmp_path):
    with pytest.raises(Refusal, match="exists: name a new folder"):
        main([str(run.path), f"out={tmp_path}"])


@pytest.mark.parametrize("status", ["running", "failed"])
def test_a_run_that_did_not_finish_gets_no_card(run, status):
    write_manifest(run.path, {**run.manifest, "status": status})
    with pytest.raises(Refusal, match=rf"demo/project-s3 is no finished run \({status}\)"):
        main([str(run.path)])
    assert not (run.path / "ckpt/README.md").exists()


@pytest.mark.parametrize(
    ("file", "line"),
    [("ckpt/model.safetensors", "no weights in ckpt/"), ("eval.parquet", "was not evaluated")],
)
def test_a_run_without_weights_or_evaluation_gets_no_card(run, file, line):
    (run.path / file).unlink()
    with pytest.raises(Refusal, match=line):
        main([str(run.path)])
