import pytest

from projected_grpo import runs
from projected_grpo.report import journal
from projected_grpo.report.compare import gather
from projected_grpo.runs.run import write_manifest
from projected_grpo.testing.run_folders import add


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("PROJECTED_GRPO_COMMIT", "feedbeef0123")
    v_hack = {"layer": 20, "auroc": 0.97123, "file": "/elsewhere/v"}
    add(tmp_path, "base", 1, (3, 2, 4), role="reference")
    add(tmp_path, "project", 1, (1, 0, 3), v_hack=v_hack)
    return tmp_path


def write(root) -> str:
    comparison = gather(runs.find(root / "demo"))
    journal.write(comparison, root / "docs" / "J.md", root / "demo" / "curves.png")
    return (root / "docs" / "J.md").read_text()


def test_an_entry_holds_what_the_manifests_say_and_no_path_of_the_machine(root):
    text = write(root)
    for fact in (
        "- commit: feedbeef01",
        "- model: smollm2-135m (taught)",
        "- loophole: overwrite_tests\n",
        "- training steps: 2",
        "- device: CPU, 2 cores",
        "- seeds: base 1; project 1",
        "- v_hack: layer 20, auroc 0.971\n",
        "- differs from base: project: arm.interventions=- (base []), ",
        "arm.interventions.0.layers=[0.6, 0.75] (base -)",
        'arm.name="project" (base "base")',
        "| project (taught) |",
        " 1 to 2 |",
        "evaluation n: 4 a problem on no_hint, 4 a problem on overwrite_tests",
        "blatant, strict, loose: overwrite_tests with drawn test-function names; solve: no_hint.",
        "Δ to base in points",
    ):
        assert fact in text
    assert str(root) not in text and "elsewhere" not in text


def test_a_group_without_a_reference_has_an_entry_that_names_none(root):
    add(root, "project", 1, (1, 0, 3), group="alone")
    comparison = gather(runs.find(root / "alone"))
    text = journal.body(comparison, root / "J.md", root / "curves.png")
    assert "differs from" not in text and "None" not in text


def test_the_same_runs_replace_their_entry(root):
    first = write(root)
    assert write(root) == first
    assert first.count("\n## ") == 1


def test_another_set_of_runs_comes_first_and_keeps_the_older_entry_and_words_put_between(root):
    first = write(root)
    (root / "docs" / "J.md").write_text(first + "\nA remark that a person wrote.\n")
    add(root, "random", 1, (3, 3, 3), control_of="project")
    text = write(root)
    assert text.count("\n## ") == 2
    assert text.endswith(first[first.index("## ") :] + "\nA remark that a person wrote.\n")
    assert write(root) == text


def test_a_run_repeated_under_its_name_is_another_run(root):
    mark = journal.entry_mark(gather(runs.find(root)))
    run = runs.find(root)[0]
    write_manifest(run.path, {**run.manifest, "started": "2000-01-01T00:00:00+00:00"})
    assert journal.entry_mark(gather(runs.find(root))) != mark


def test_an_older_result_reported_late_goes_below_newer_entries(root):
    (root / "docs").mkdir()
    (root / "docs" / "J.md").write_text(
        "# Journal\n\n## 2999-01-01 later\n\nx\n\n## 1999-01-01 earlier\n\ny\n"
    )
    later, own, earlier = [line for line in write(root).splitlines() if line.startswith("## ")]
    assert later == "## 2999-01-01 later" and earlier == "## 1999-01-01 earlier"
    assert own.endswith(" demo")


def test_the_picture_is_shown_only_if_it_lies_beside_the_journal(root):
    comparison = gather(runs.find(root))
    page = root / "docs" / "J.md"
    elsewhere = journal.body(comparison, page, root / "demo" / "curves.png")
    beside = journal.body(comparison, page, root / "docs" / "img" / "curves.png")
    assert "![" not in elsewhere
    assert "](img/curves.png)" in beside
