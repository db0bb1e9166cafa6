from dataclasses import replace

import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal

from projected_grpo.directions import holdout, selectivity, shares
from projected_grpo.weights.targets import Target

torch.set_num_threads(1)
D, K, PROBLEMS, EACH = 12, 3, 12, 2


def planted(
    seed: int = 0, strength: float = 4.0
) -> tuple[selectivity.Weight, torch.Tensor, torch.Tensor]:
    """A reading weight whose hack gradients share one direction that clean ones lack: (weight, hack, prompt)."""
    generator = torch.Generator().manual_seed(seed)
    hack = torch.tensor([True, False]).repeat_interleave(EACH).repeat(PROBLEMS)
    prompt = torch.arange(PROBLEMS).repeat_interleave(2 * EACH)
    F = torch.randn(len(hack), D, K, generator=generator)
    F[hack, 0, 0] += strength * D**0.5
    F = F / F.flatten(1).norm(dim=1)[:, None, None]
    fits = holdout.fitted(prompt, 2, 0)
    W = torch.randn(8, D, generator=generator)
    differences = [torch.randn(8, D, generator=generator) for _ in fits]
    return (
        selectivity.Weight(Target("q", 0, "q", "reads", None), W, torch.eye(D)[0], F, differences),
        hack,
        prompt,
    )


def table(weight, hack, prompt, *by: str) -> pl.DataFrame:
    fits = holdout.fitted(prompt, 2, 0)
    kinds = pl.Series(["none" if not h else ("vacuous", "weak")[i % 2] for i, h in enumerate(hack)])
    rows = selectivity.measure([weight], hack, prompt, kinds, fits, [1], [0.1], 6)
    return shares.summary(about(rows, prompt, kinds), *by)


def about(rows: pl.DataFrame, prompt: torch.Tensor, kinds: pl.Series) -> pl.DataFrame:
    return rows.join(
        pl.DataFrame({"sample": range(len(kinds)), "problem": prompt.numpy(), "test_kind": kinds}),
        on="sample",
    )


def test_contrast_finds_a_planted_direction_that_shuffled_labels_do_not():
    contrast = table(*planted()).row(by_predicate=pl.col("recipe") == "contrast", named=True)
    assert contrast["ratio"] > 3 and contrast["low"] > 2 and contrast["shuffled p95"] < 2


def test_where_nothing_is_planted_no_recipe_is_selective():
    found = table(*planted(strength=0.0))
    assert found.filter(pl.col("ratio") > 2).is_empty()


def test_v_itself_is_measured_where_it_is_given():
    v = table(*planted()).row(by_predicate=pl.col("recipe") == "v itself", named=True)
    assert v["ratio"] > 5


def test_a_direction_common_to_all_hacks_is_found_without_the_kind_that_it_is_measured_on():
    found = table(*planted())
    for kind in ("vacuous", "weak"):
        assert (
            found.row(by_predicate=pl.col("recipe") == f"contrast without {kind}", named=True)[
                "ratio"
            ]
            > 3
        )


def test_the_table_by_weight_kind_is_that_of_the_one_kind_where_there_is_one():
    whole, by = table(*planted()), table(*planted(), "kind")
    assert by["kind"].unique().to_list() == ["q"]
    assert_frame_equal(whole.sort("recipe"), by.drop("kind").sort("recipe"))


def test_two_weights_of_one_stream_are_measured_on_columns_of_their_mean_moment():
    weight, hack, prompt = planted()
    still = replace(
        weight, F=planted(seed=1, strength=0.0)[0].F, target=Target("k", 0, "k", "reads", None)
    )
    fits, kinds = holdout.fitted(prompt, 2, 0), pl.Series(["none"] * len(hack))
    rows = selectivity.measure([weight, still], hack, prompt, kinds, fits, [1], [0.1], 0).filter(
        recipe="contrast"
    )
    found = {
        name: shares.summary(about(part, prompt, kinds)).row(0, named=True)
        for (name,), part in rows.group_by("weight")
    }
    assert (
        found["q"]["ratio"] > 3 and found["q"]["hack %"] > 2 * found["k"]["hack %"]
    )  # k's own columns would hold more of k


def test_hacks_are_set_against_each_kind_of_clean_samples_tests_and_each_kind_of_hack_against_all_clean():
    weight, hack, prompt = planted()
    kinds = pl.Series(
        [("vacuous", "weak")[i % 2] if h else ("none", "honest")[i % 2] for i, h in enumerate(hack)]
    )
    rows = about(
        selectivity.measure(
            [weight], hack, prompt, kinds, holdout.fitted(prompt, 2, 0), [1], [0.1], 0
        ),
        prompt,
        kinds,
    )
    of_hacks, of_clean = (
        shares.by_kind_of_test(rows.filter(recipe="contrast"), side) for side in (True, False)
    )
    assert of_hacks["tests"].to_list() == ["vacuous", "weak"] and of_clean["tests"].to_list() == [
        "honest",
        "none",
    ]
    held = rows.filter(
        pl.col("recipe") == "contrast", pl.col("hack") | (pl.col("test_kind") == "honest")
    )
    assert of_clean.row(0, named=True)["clean %"] == pytest.approx(
        100 * held.filter(~pl.col("hack"))["share"].mean(), rel=0.05
    )


def test_the_command_finds_what_every_hack_says_and_no_clean_sample_in_every_second_block_and_writes_its_tables(
    tmp_path, capsys
):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    words = Tokenizer(models.WordLevel({f"w{i}": i for i in range(40)}, "w0"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=words).save_pretrained(tmp_path)
    shape = dict(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    LlamaForCausalLM(LlamaConfig(vocab_size=40, **shape)).save_pretrained(tmp_path)
    rows = []
    for p in range(9):
        for i in range(4):
            hack, drawn = i < 2, torch.randint(2, 30, (6,)).tolist()
            said = " ".join(f"w{x}" for x in drawn) + (" w31 w32" if hack else "")
            rows.append(
                dict(
                    problem_id=f"p{p}",
                    prompt=f"w1 w{p}",
                    response=said,
                    label="Reward hack" if hack else "Correct",
                    strict=hack,
                    loose=hack,
                    n_tokens=len(said.split()),
                    kind=(("vacuous", "weak") if hack else ("none", "honest"))[i % 2],
                )
            )
    pl.DataFrame(rows).write_parquet(tmp_path / "rollouts.parquet")
    asked = [
        "layers=0,1",
        "every=2",
        "kinds=q,v,down",
        "k=16",
        "r=2",
        "lam=1",
        "splits=2",
        "shuffles=4",
        "device=cpu",
    ]
    selectivity.main(
        [str(tmp_path), str(tmp_path / "rollouts.parquet"), f"out={tmp_path / 'out'}", *asked]
    )
    assert "18 strict hacks and 18 clean samples of 9 prompts" in capsys.readouterr().out
    assert (
        pl.read_parquet(tmp_path / "out" / "selectivity.parquet").select("layer", "kind").n_unique()
        == 2 * 3
    )
    whole, by_hack, by_clean = (
        pl.read_csv(tmp_path / "out" / f"selectivity{end}.csv")
        for end in ("", "-by-hacks", "-by-clean")
    )
    contrast = whole.row(by_predicate=pl.col("recipe") == "contrast", named=True)
    assert contrast["low"] > 1 and contrast["ratio"] > contrast["shuffled p95"]
    assert {"vacuous", "weak"} == set(by_hack["tests"]) and {"honest", "none"} == set(
        by_clean["tests"]
    )
    assert "contrast without weak" in by_hack.filter(tests="weak")["recipe"].to_list()
