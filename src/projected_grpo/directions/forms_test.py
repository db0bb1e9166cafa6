"""Sets that are fitted on hacks of one form, and doses by form, on a tiny model."""

from pathlib import Path

import polars as pl
import pytest

from projected_grpo.cli import Refusal
from projected_grpo.directions import columns_command, movement_files, pair_files, pairs
from projected_grpo.interventions.hold import Hold
from projected_grpo.interventions.refresh import Refresh
from projected_grpo.testing import tiny_pairs, tiny_rollouts
from projected_grpo.testing.tiny_llama import llama

OPTIONS = ("device=cpu", "gigabytes=0.1")
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
