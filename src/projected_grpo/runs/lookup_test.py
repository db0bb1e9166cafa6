import pytest

from projected_grpo import runs
from projected_grpo.cli import Refusal
from projected_grpo.runs.folder_test import start


def test_resolve_takes_a_path_a_full_name_and_a_unique_short_name(tmp_path):
    run = start(tmp_path, "some", 2)
    start(tmp_path, "other", 2)
    for name in (str(run.path), "g/some-s2", "some-s2"):
        assert runs.resolve(name, tmp_path).manifest == run.manifest


def test_resolve_refuses_an_unknown_and_an_ambiguous_name_and_lists_what_there_is(tmp_path):
    start(tmp_path, group="g")
    start(tmp_path, group="h")
    with pytest.raises(Refusal, match=r"no runs called 'x'.*g/some-s1, h/some-s1"):
        runs.resolve("x", tmp_path)
    with pytest.raises(Refusal, match=r"2 runs called 'some-s1'.*g/some-s1, h/some-s1"):
        runs.resolve("some-s1", tmp_path)


def test_a_folder_without_a_runs_manifest_is_refused(tmp_path):
    with pytest.raises(Refusal, match="is not a run: it has no manifest.json"):
        runs.open_run(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(Refusal, match="is not a run: its manifest.json describes something else"):
        runs.open_run(tmp_path)
