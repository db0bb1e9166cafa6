"""Two small runs, for what the report says of them."""

from pathlib import Path

import pytest

from projected_grpo.testing.run_folders import add


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """Where runs are: a reference and a treatment."""
    monkeypatch.setenv("PROJECTED_GRPO_COMMIT", "feedbeef0123")
    add(tmp_path, "base", 1, (3, 2, 4), role="reference")
    add(tmp_path, "project", 1, (1, 0, 3))
    return tmp_path
