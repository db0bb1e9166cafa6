"""The command, from a rollouts file and a real (random-weight) model to its tables."""

from contextlib import redirect_stdout
from io import StringIO

import polars as pl
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from projected_grpo.directions import selectivity_command

torch.set_num_threads(1)
OPTIONS = [
    "layers=0,1",
    "every=2",
    "projections=q,v,down",
    "k=16",
    "r=2",
    "lam=1",
    "splits=2",
    "hack=strict",
    "shuffles=4",
    "device=cpu",
]


def write_model(folder):
    torch.manual_seed(0)
    words = Tokenizer(models.WordLevel({f"w{i}": i for i in range(40)}, "w0"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=words).save_pretrained(folder)
    shape = dict(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    LlamaForCausalLM(LlamaConfig(vocab_size=40, **shape)).save_pretrained(folder)


def write_rollouts(file):
    """9 prompts of two hacks, which all end in the same words, and two clean samples."""
    rows = []
    for p in range(9):
        for i in range(4):
            hack = i < 2
            words = [f"w{x}" for x in torch.randint(2, 30, (6,)).tolist()]
            words += ["w31", "w32"] if hack else []
            kinds = ("empty", "weak") if hack else ("none", "honest")
            rows.append(
                dict(
                    problem_id=f"p{p}",
                    prompt=f"w1 w{p}",
                    response=" ".join(words),
                    label="Reward hack" if hack else "Correct",
                    strict=hack,
                    loose=hack,
                    finish="length",
                    n_tokens=len(words),
                    kind=kinds[i % 2],
                )
            )
    pl.DataFrame(rows).write_parquet(file)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The folder that the command wrote, with what it printed in printed.txt."""
    folder = tmp_path_factory.mktemp("selectivity")
    write_model(folder)
    write_rollouts(folder / "rollouts.parquet")
    out = folder / "out"
    command = [str(folder), str(folder / "rollouts.parquet"), f"out={out}", *OPTIONS]
    with redirect_stdout(StringIO()) as printed:
        selectivity_command.main(command)
    (out / "printed.txt").write_text(printed.getvalue())
    return out


def test_the_command_says_how_many_samples_its_tables_rest_on(out):
    line = "18 strict hacks and 18 clean samples of 9 prompts"
    assert line in (out / "printed.txt").read_text()


def test_the_command_finds_what_every_hack_says_and_no_clean_sample(out):
    whole = pl.read_csv(out / "selectivity.csv")
    contrast = whole.row(by_predicate=pl.col("recipe") == "contrast", named=True)
    assert contrast["low"] > 1
    assert contrast["ratio"] > contrast["shuffled p95"]


def test_the_command_measures_the_named_projections_in_every_second_block(out):
    shares = pl.read_parquet(out / "selectivity.parquet")
    assert shares.select("layer", "projection").n_unique() == 2 * 3


def test_the_command_writes_a_table_for_each_kind_of_hack_and_of_clean_sample(out):
    by_hack = pl.read_csv(out / "selectivity-by-hacks.csv")
    by_clean = pl.read_csv(out / "selectivity-by-clean.csv")
    assert set(by_hack["tests"]) == {"empty", "weak"}
    assert set(by_clean["tests"]) == {"honest", "none"}
    assert "contrast without weak" in by_hack.filter(tests="weak")["recipe"].to_list()
