"""The command that makes v_hack, on a real (random-weight) model and real files."""

import polars as pl
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast

from projected_grpo.cli import read
from projected_grpo.directions import extract, fitted
from projected_grpo.directions.activations_test import tiny_llama
from projected_grpo.directions.files import read_direction
from projected_grpo.directions.placebos import PLACEBOS
from projected_grpo.directions.residual_command import decided, main
from projected_grpo.directions.samples_test import frame
from projected_grpo.testing.run_folders import labels, make_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model folder and a rollouts file, as the command line takes them."""
    path = tmp_path_factory.mktemp("directions")
    tiny_llama().save_pretrained(path / "model")
    words = ["?", "ask", "pass", "work", "x"]
    words += [f"{letter}{i}" for letter in "pw" for i in range(6)]
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="?"))
    tokenizer.pre_tokenizer = Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="?")
    fast.save_pretrained(path / "model")
    frame().write_parquet(path / "rollouts.parquet")
    return path


def run(folder, out, *options, rollouts="rollouts.parquet"):
    main([str(folder / "model"), str(folder / rollouts), str(out), *options])


def test_the_command_writes_v_its_manifest_and_the_placebos(folder, tmp_path, capsys):
    out = tmp_path / "out"
    run(folder, out, "taught=true")
    m = read_direction(out, d=16).manifest
    assert m["taught"] is True
    assert m["placebo"] is None
    assert m["origin"] == "on-policy"
    assert (m["hack"], m["kinds"]) == ("blatant", None)
    assert len(m["model_sha256"]) == 64
    used = {"hacks": 18, "clean": 18, "hacks_by_kind": {"empty": 18}, "problems": 6, "prompts": 6}
    assert m["counts"]["used"] == used
    # The two classes differ by a word.
    assert m["auroc"] > 0.9
    assert {row["layer"] for row in m["held_out"]} == {3, 4}
    for name in PLACEBOS:
        for seed in (1, 2, 3):
            placebo = read_direction(out / f"{name}-s{seed}", d=16).manifest
            assert (placebo["placebo"], placebo["seed"]) == (name, seed)
    assert fitted.problem_ids(out) == set(frame()["problem_id"])
    assert len(list(out.iterdir())) == 3 + 3 * len(PLACEBOS)
    printed = capsys.readouterr().out
    assert ", taught" in printed
    assert "bootstrap_cosine" in printed


def test_the_same_command_twice_gives_the_same_bytes(folder, tmp_path):
    for out in ("a", "b"):
        run(folder, tmp_path / out, "placebos=0")
    for file in ("v_hack.safetensors", "v_hack.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_rollouts_of_before_the_column_blatant_give_the_same_direction(folder, tmp_path):
    older = frame().drop("blatant").with_columns(pl.col("kind").replace({"empty": "vacuous"}))
    older.write_parquet(folder / "older.parquet")
    run(folder, tmp_path / "new", "placebos=0")
    run(
        folder, tmp_path / "old", "placebos=0", "kinds=vacuous,swallowing", rollouts="older.parquet"
    )
    new, old = (tmp_path / out / "v_hack.safetensors" for out in ("new", "old"))
    assert new.read_bytes() == old.read_bytes()


@pytest.mark.parametrize(
    ("rollouts", "options", "line"),
    [
        ("missing.parquet", [], "no rollouts at .*missing.parquet"),
        ("model/config.json", [], "not a readable parquet file"),
        (
            "rollouts.parquet",
            ["min_hacks=100"],
            "too few hacks for a direction: 18 from 6 problems",
        ),
        ("rollouts.parquet", ["colour=red"], "unknown argument 'colour'"),
        ("rollouts.parquet", ["method=pca"], "method=pca: expected one of mean_diff, lda"),
        ("rollouts.parquet", ["hack=lax"], "hack=lax: expected one of blatant, strict, loose"),
        (
            "rollouts.parquet",
            ["kinds=prints"],
            "too few hacks .* 18 blatant hacks, 0 of kind prints",
        ),
        ("rollouts.parquet", ["shuffles=50"], "shuffles=50: expected a whole number, 200 or more"),
        ("rollouts.parquet", ["origin=elicited"], "no column plain_prompt"),
    ],
)
def test_bad_input_is_refused_in_one_line_and_nothing_is_written(
    folder, tmp_path, rollouts, options, line
):
    with pytest.raises(SystemExit, match=line) as refusal:
        run(folder, tmp_path / "out", *options, rollouts=rollouts)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["elicit=yes", "v_hack=no"])
def test_extract_refuses_a_word_that_is_neither_true_nor_false(option, folder, tmp_path):
    with pytest.raises(SystemExit, match="expected true or false"):
        extract.main([str(folder / "model"), f"out={tmp_path / 'out'}", option])


def test_extract_refuses_an_option_of_the_direction_before_it_samples(folder, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(SystemExit, match="method=pca: expected one of mean_diff, lda"):
        extract.main([str(folder / "model"), f"out={out}", "method=pca"])
    assert not out.exists()


def test_extract_takes_origin_and_taught_from_the_rollouts_unless_they_are_named():
    chosen = decided(read(extract.Settings, ["m", "out=o"]), "earlier_run", taught=True)
    assert (chosen.origin, chosen.taught) == ("earlier_run", True)
    named = read(extract.Settings, ["m", "out=o", "origin=elicited", "taught=false"])
    chosen = decided(named, "on-policy", taught=True)
    assert (chosen.origin, chosen.taught) == ("elicited", False)


@pytest.mark.parametrize("word", ["n=8", "elicit=true", "source=leetcode", "v_hack=false"])
def test_extract_refuses_for_a_run_what_only_sampling_takes(word, tmp_path):
    own = [labels(3, 1, 8)]
    run = make_run(tmp_path, "vanilla", 1, train=own, hacks=own, solves=own)
    with pytest.raises(SystemExit, match=f"{word.split('=')[0]}= is for a model"):
        extract.main([str(run.path), f"out={tmp_path / 'out'}", word])
    assert not (tmp_path / "out").exists()
