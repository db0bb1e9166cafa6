import torch

from projected_grpo.runs.provenance import (
    COMMIT_VARIABLE,
    device_name,
    library_versions,
    source_state,
)


def test_source_state_without_git_says_unknown(monkeypatch, tmp_path):
    monkeypatch.delenv(COMMIT_VARIABLE, raising=False)
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert source_state() == ("unknown", True)


def test_versions_and_device_are_those_of_this_machine():
    assert library_versions()["torch"] in torch.__version__
    start = "CPU "
    if torch.cuda.is_available():
        start = f"{torch.cuda.device_count()} x "
    assert device_name().startswith(start)
