"""A command of this test."""

import subprocess
import sys
from pathlib import Path

import pytest

from projected_grpo.cli import Refusal, argument, given, option, overrides, read, settings


@settings
class Settings:
    run: str = argument("a run")
    others: tuple[Path, ...] = argument("other runs", ())
    out: Path = option("a folder")
    label: str | None = option("of the rows that are shown", None)
    cards: int | None = option("of this machine", None, none="all")
    n: int = option("how many", 5, least=1)
    share: float = option("of them", 0.5, least=0, most=1)
    match: str = option("how", "length", choices=("length", "random"))
    r: tuple[int, ...] = option("columns", (16, 64), least=1)
    layers: tuple[float, float] = option("depth", (0.6, 0.75), least=0, most=1)
    forms: bool = option("each form", True)


@settings
class Study:
    name: str = argument("of a study")
    cards: int = option("of this machine", 1)
    overrides: tuple[str, ...] = overrides("of every run's config")


NEEDED = ["RUN", "out=FOLDER"]


def test_words_become_values_of_the_declared_types():
    words = ["a-s1", "b", "c", "out=x", "label=Reward hack", "n=7", "share=1e-3", "match=random"]
    assert read(Settings, [*words, "r=4", "layers=0,1", "forms=false"]) == Settings(
        run="a-s1",
        others=(Path("b"), Path("c")),
        out=Path("x"),
        label="Reward hack",
        n=7,
        share=0.001,
        match="random",
        r=(4,),
        layers=(0.0, 1.0),
        forms=False,
    )


def test_what_is_not_given_has_its_default():
    settings = read(Settings, NEEDED)
    assert (settings.label, settings.n, settings.r, settings.others) == (None, 5, (16, 64), ())


def test_a_path_with_an_equals_sign_is_not_taken_for_a_key():
    assert read(Settings, ["outputs/lr=1e-5/a-s1", "out=x/lr=1"]).out == Path("x/lr=1")


def test_an_unknown_key_is_refused_with_the_nearest_known_ones():
    with pytest.raises(Refusal, match="unknown argument 'lable': nearest are label "):
        read(Settings, [*NEEDED, "lable=x"])


@pytest.mark.parametrize(
    "word",
    ["n=0", "n=-1", "n=two", "n=1.5", "n=", "share=1.1", "share=nan", "share=x", "match=longest"]
    + ["r=4,", "r=0,4", "r=4,x", "layers=0.5", "layers=0,1,1", "layers=0,2", "forms=maybe", "out="],
)
def test_a_value_that_does_not_fit_is_refused_with_what_is_expected(word):
    with pytest.raises(Refusal, match=f"projected_grpo: {word}: expected "):
        read(Settings, [*NEEDED, word])


@pytest.mark.parametrize("word", ["label=", "label=none", "cards=all"])
def test_a_key_that_needs_no_value_may_be_left_empty_or_say_so(word):
    settings = read(Settings, [*NEEDED, word])
    assert (settings.label, settings.cards) == (None, None)


def test_what_is_missing_is_named():
    with pytest.raises(Refusal, match="^projected_grpo: out= missing: expected RUN .*out=..."):
        read(Settings, ["RUN"])


def test_a_word_for_which_there_is_no_place_is_refused():
    with pytest.raises(Refusal, match="unexpected argument 'other'"):
        read(Study, ["smoke", "other"])


def test_keys_of_nobody_go_to_the_field_that_takes_overrides():
    study = read(Study, ["smoke", "cards=2", "eval.n=0", "+x=1"])
    assert (study.cards, study.overrides) == (2, ("eval.n=0", "+x=1"))


def test_given_are_the_keys_of_the_words_alone():
    assert given(Settings, [*NEEDED, "n=5"]) == {"run": ["RUN"], "out": "FOLDER", "n": "5"}


@pytest.mark.parametrize("words", [["--help"], ["RUN", "-h"]])
def test_help_prints_every_key_with_type_default_and_a_line_and_exits_0(words, capsys):
    with pytest.raises(SystemExit) as end:
        read(Settings, words)
    lines = capsys.readouterr().out.splitlines()
    (row,) = [line for line in lines if line.startswith("n= ")]
    assert end.value.code == 0
    assert row.split() == ["n=", "a", "whole", "number,", "1", "or", "more", "5", "how", "many"]


def test_a_bare_call_that_misses_something_prints_the_same_and_fails(capsys):
    with pytest.raises(Refusal, match="RUN and out= missing"):
        read(Settings, [])
    bare = capsys.readouterr().out
    with pytest.raises(SystemExit):
        read(Settings, ["--help"])
    assert bare == capsys.readouterr().out


def test_a_refusal_is_one_line_on_stderr_and_status_1():
    code = "from projected_grpo.cli import Refusal\nraise Refusal('no such arm: use another')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "projected_grpo: no such arm: use another\n",
    )
