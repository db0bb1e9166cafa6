"""A whole step with our short cuts and one on the own paths of verl and vLLM, by the command."""

import json
from pathlib import Path

import polars as pl
import pytest


def metrics(run: Path) -> dict[str, float]:
    return json.loads((run / "metrics.jsonl").read_text())["data"]


def responses(run: Path) -> list[str]:
    return pl.read_parquet(run / "rollouts/00001.parquet")["response"].to_list()


def test_both_sample_the_same_responses(steps):
    assert responses(steps["true"].run) == responses(steps["false"].run)


def test_both_take_the_same_step(steps):
    fast, own = [metrics(steps[word].run)["actor/grad_norm"] for word in ("true", "false")]
    assert fast == pytest.approx(own, rel=1e-2)


def test_a_run_ends_in_a_folder_whose_path_holds_an_equals_sign(steps):
    run = steps["true"].run
    assert "=" in str(run) and (run / "ckpt/config.json").is_file()
