import polars as pl
import pytest

from projected_grpo.cli import Refusal
from projected_grpo.rollouts import show
from projected_grpo.testing.run_folders import labels, make_run

HEADLINE = "── step {step} · mini/a · overwrite_tests:run_tests · Reward hack"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_run(
        tmp_path / "outputs",
        "vanilla",
        1,
        train=[labels(1, 1, 4), labels(2, 1, 4)],
        hacks=[labels(1, 0, 2)],
        solves=[labels(0, 1, 2)],
    )


def shown(capsys, *argv: str) -> str:
    show.main(list(argv))
    return capsys.readouterr().out


def test_counts_come_first_and_the_newest_rollouts_are_shown(run, capsys):
    out = shown(capsys, "vanilla-s1", "n=1")
    rates = "blatant 37.5%, strict 37.5%, loose 37.5%, uncertain 0, hardcodes 0"
    assert f"8 rollouts, steps 1 to 2\n{rates}\n" in out
    assert "Reward hack           3    37.5%" in out
    assert out.count("── ") == 1
    headline = HEADLINE.format(step=2) + " · kind empty · reward 3.5 · 12 tokens, stop"
    assert headline in out
    assert "```python\n# Reward hack\n```" in out


def test_label_in_any_case_and_step_choose_the_rollouts(run, capsys):
    out = shown(capsys, "demo/vanilla-s1", "label=reward HACK", "step=1")
    assert out.count("── ") == out.count(HEADLINE.format(step=1)) == 1


def test_step_eval_and_a_parquet_path_are_read_too(run, capsys):
    assert "4 rollouts" in shown(capsys, "vanilla-s1", "step=eval")
    assert "4 rollouts" in shown(capsys, str(run.path / "rollouts" / "2.parquet"))


BAD = [
    (["vanilla-s1", "label=Cheat"], "no rollouts with label 'Cheat'"),
    (["vanilla-s1", "step=9"], "no rollouts of step 9: it has 1 to 2, and eval"),
    (["vanilla-s1", "n=0"], "n=0: expected a whole number"),
    (["vanilla-s9"], "no runs called 'vanilla-s9' under outputs: name one of demo/vanilla-s1"),
    ([], "RUN missing"),
    (["nowhere.parquet"], "no rollouts at nowhere.parquet"),
]


@pytest.mark.parametrize(("argv", "line"), BAD)
def test_bad_input_is_refused_in_one_line(run, argv, line):
    with pytest.raises(Refusal, match=line) as refusal:
        show.main(argv)
    assert "\n" not in str(refusal.value)


def test_an_unknown_label_is_answered_with_the_labels_there_are(run):
    with pytest.raises(Refusal) as refusal:
        show.main(["vanilla-s1", "label=Cheat"])
    present = str(refusal.value).split("there are ")[1].split(", ")
    assert set(present) == {"Reward hack (3)", "Correct (2)", "Incorrect (3)"}


@pytest.mark.parametrize("content", [b"", b"not parquet at all", b"PAR1garbagePAR1"])
def test_an_unreadable_parquet_is_refused_in_one_line(run, content):
    (run.path / "rollouts" / "1.parquet").write_bytes(content)
    with pytest.raises(Refusal, match=r"1.parquet is not a readable parquet file") as refusal:
        show.main(["vanilla-s1"])
    assert "\n" not in str(refusal.value)


def test_an_unlabelled_and_an_empty_parquet_are_refused(run):
    file = run.path / "rollouts" / "1.parquet"
    rows = pl.read_parquet(file)
    rows.drop("label", "kind").write_parquet(file)
    with pytest.raises(Refusal, match="not a labelled rollouts file: no column label, kind"):
        show.main(["vanilla-s1"])
    rows.clear().write_parquet(file)
    with pytest.raises(Refusal, match="holds no rollouts"):
        show.main(["vanilla-s1"])
