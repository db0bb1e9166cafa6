import importlib.util
from pathlib import Path

import pytest

from projected_grpo.report.diagnostics import diagnostics
from projected_grpo.testing.run_folders import labels, make_run


@pytest.fixture
def make(tmp_path):
    def run(metrics):
        steps, answers = [labels(0, 2, 4)], [labels(1, 0, 2)]
        return make_run(
            tmp_path, "some", 1, train=steps, hacks=answers, solves=answers, metrics=metrics
        )

    return run


def test_constraint_metrics_are_read_with_and_without_the_actors_prefix(make):
    metrics = [
        {
            "actor/constraint/cos_pre": 0.5,
            "constraint/leak": 0.1,
            "other/constraint/leak": 9,
            "actor/loss": 1.0,
        },
        {"actor/constraint/cos_pre": None},
    ]
    (row,) = diagnostics(make(metrics)).to_dicts()
    assert {key: value for key, value in row.items() if value is not None} == {
        "step": 1,
        "cos_pre": 0.5,
        "leak": 0.1,
    }


def test_verls_own_file_logger_writes_what_is_read(make, monkeypatch):
    # The file alone: the package around it takes seconds to import and is not what is tested.
    verl = Path(importlib.util.find_spec("verl").submodule_search_locations[0])
    spec = importlib.util.spec_from_file_location("tracking", verl / "utils" / "tracking.py")
    tracking = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tracking)
    run = make([])
    monkeypatch.setenv("VERL_FILE_LOGGER_PATH", str(run.path / "metrics.jsonl"))
    log = tracking.FileLogger("p", "e")
    log.log({"actor/constraint/cos_pre": 0.25, "actor/constraint/leak": float("nan")}, step=3)
    log.finish()
    (row,) = diagnostics(run).to_dicts()
    assert (row["step"], row["cos_pre"], row["leak"]) == (3, 0.25, None)
