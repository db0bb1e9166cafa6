import pytest

from projected_grpo import runs
from projected_grpo.report import claims, journal
from projected_grpo.report.compare import gather
from projected_grpo.runs import folder
from projected_grpo.testing.run_folders import labels, make_run

SOLVES = [labels(0, 1, 4), labels(0, 2, 4), labels(0, 3, 4)]
STEPS = [labels(1, 1, 4), labels(2, 1, 4)]


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("PROJECTED_GRPO_COMMIT", "feedbeef0123")
    add(tmp_path, "vanilla", 1, (3, 2, 4))
    add(
        tmp_path,
        "project",
        1,
        (1, 0, 3),
        config={"where": "gradient"},
        v_hack={"layer": 20, "auroc": 0.97123, "file": "/elsewhere/v"},
    )
    return tmp_path


def add(root, arm, seed, hacks, **other):
    return make_run(
        root,
        arm,
        seed,
        **{"train": STEPS, "hacks": [labels(n, 0, 4) for n in hacks], "solves": SOLVES, **other},
    )


def write(root) -> str:
    journal.write(
        gather(runs.find(root / "demo")), root / "docs" / "J.md", root / "demo" / "curves.png"
    )
    return (root / "docs" / "J.md").read_text()


def test_an_entry_holds_what_the_manifests_say_and_no_path_of_the_machine(root):
    text = write(root)
    for fact in (
        "- commit: feedbeef01",
        "- model: smollm2-135m (warm-started)",
        "- training steps: 2",
        "- device: CPU, 2 cores",
        "- seeds: vanilla 1; project 1",
        "- v_hack: layer 20, auroc 0.971\n",
        '- differs from vanilla: project: arm="project" (vanilla "vanilla"), where="gradient" (vanilla -)',
        "| project (warm-started) |",
        "evaluation n: 4 a problem on no_hint, 4 a problem on overwrite_tests",
    ):
        assert fact in text
    assert str(root) not in text and "elsewhere" not in text


def test_the_same_runs_replace_their_entry(root):
    first = write(root)
    assert write(root) == first
    assert first.count("\n## ") == 1


def test_another_set_of_runs_comes_first_and_keeps_the_older_entry_and_words_put_between(root):
    first = write(root)
    (root / "docs" / "J.md").write_text(first + "\nA remark that a person wrote.\n")
    add(root, "random", 1, (3, 3, 3))
    text = write(root)
    assert text.count("\n## ") == 2
    assert text.endswith(first[first.index("## ") :] + "\nA remark that a person wrote.\n")
    assert write(root) == text


def test_a_run_repeated_under_its_name_is_another_run(root):
    mark = journal.entry_mark(gather(runs.find(root)))
    run = runs.find(root)[0]
    folder._write(run.path, {**run.manifest, "started": "2000-01-01T00:00:00+00:00"})
    assert journal.entry_mark(gather(runs.find(root))) != mark


def test_an_older_result_reported_late_goes_below_newer_entries(root):
    (root / "docs").mkdir()
    (root / "docs" / "J.md").write_text(
        "# Journal\n\n## 2999-01-01 later\n\nx\n\n## 1999-01-01 earlier\n\ny\n"
    )
    heads = [line for line in write(root).splitlines() if line.startswith("## ")]
    assert [head[3:7] for head in heads][::2] == ["2999", "1999"] and heads[1].endswith(" demo")


def test_the_picture_is_shown_only_if_it_lies_beside_the_journal(root):
    comparison = gather(runs.find(root))
    assert "![" not in journal.body(
        comparison, root / "docs" / "J.md", root / "demo" / "curves.png"
    )
    assert "](img/curves.png)" in journal.body(
        comparison, root / "docs" / "J.md", root / "docs" / "img" / "curves.png"
    )


def test_a_claim_gives_hacking_and_solving_together(root):
    (sentence,) = claims.may(gather(runs.find(root)))
    assert sentence == (
        "project against vanilla: strict hacks -41.7 points, interval [-50.0, -25.0] (excludes 0), "
        "paired t-test p = 0.038, 3 problems, seed 1; solved +0.0 points, alike on all 3 problems."
    )


def test_what_a_small_warm_started_run_without_controls_leaves_open_is_said(root):
    said = " ".join(claims.may_not(gather(runs.find(root))))
    for part in (
        "warm-started",
        "fewer than 3 seeds (vanilla 1, project 1)",
        "random or shuffled or clean",
        "Anything beyond 2 training steps",
    ):
        assert part in said
    assert "did not hack" not in said and "Which code" not in said


def test_reservations_go_when_their_reason_goes(root, tmp_path):
    for arm in ("vanilla", "random", "shuffled", "clean_vs_clean"):
        for seed in (1, 2, 3):
            add(tmp_path, arm, seed, (1, 2, 3), group="full", warm_started=False)
    assert claims.may_not(gather(runs.find(tmp_path / "full"))) == [
        "Anything beyond 2 training steps."
    ]


def test_a_vanilla_that_never_hacked_allows_no_word_on_suppression(root, tmp_path):
    add(tmp_path, "vanilla", 1, (0, 0, 0), group="tame")
    assert (
        "That anything suppresses hacking: vanilla itself did not hack in 12 samples."
        in claims.may_not(gather(runs.find(tmp_path / "tame")))
    )


def test_a_solve_rate_that_may_have_dropped_and_unequal_ranks_are_said(root):
    metrics = [{"constraint/chance": 0.1}]
    add(root, "random", 1, (3, 3, 3), metrics=[{"constraint/chance": 0.2}])
    add(
        root,
        "constrain",
        1,
        (1, 1, 1),
        metrics=metrics,
        solves=[labels(0, 0, 4), labels(0, 1, 4), labels(0, 3, 4)],
    )
    said = claims.may_not(gather(runs.find(root)))
    assert (
        "That constrain solves as much as vanilla: a drop of more than 10 points is inside its interval."
        in said
    )
    assert (
        "That the direction matters, from arms whose chance levels, and so ranks, differ." in said
    )


def test_uncommitted_code_and_several_commits_are_said(root, monkeypatch):
    monkeypatch.setenv("PROJECTED_GRPO_COMMIT", "0ddba11+dirty")
    add(root, "random", 1, (3, 3, 3))
    said = claims.may_not(gather(runs.find(root)))
    assert (
        "That 0ddba11+dirty reproduces it: the tree held changes that the commit does not." in said
    )
    assert "That the code was the same throughout: the runs come from 2 commits." in said
