"""Shares of planted hack gradients inside every recipe's columns."""

from dataclasses import replace

import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal

from projected_grpo.directions import holdout, shares
from projected_grpo.directions.factors import Weight
from projected_grpo.directions.selectivity import measure
from projected_grpo.weights.targets import Target

torch.set_num_threads(1)
D, K, PROBLEMS, EACH = 12, 3, 12, 2


def planted(seed: int = 0, strength: float = 4.0) -> tuple[Weight, torch.Tensor, torch.Tensor]:
    """A reading weight whose hack gradients share one direction that clean ones lack.

    (weight, hack, prompt).
    """
    generator = torch.Generator().manual_seed(seed)
    hack = torch.tensor([True, False]).repeat_interleave(EACH).repeat(PROBLEMS)
    prompt = torch.arange(PROBLEMS).repeat_interleave(2 * EACH)
    F = torch.randn(len(hack), D, K, generator=generator)
    F[hack, 0, 0] += strength * D**0.5
    F = F / F.flatten(1).norm(dim=1)[:, None, None]
    W = torch.randn(8, D, generator=generator)
    fits = holdout.fitted(prompt, 2, 0)
    differences = [torch.randn(8, D, generator=generator) for _ in fits]
    target = Target("q", 0, "q", "reads", None)
    return Weight(target, W, torch.eye(D)[0], F, differences), hack, prompt


def rows(
    weights: list[Weight],
    hack: torch.Tensor,
    prompt: torch.Tensor,
    kinds: list[str],
    n_shuffles: int = 0,
) -> pl.DataFrame:
    """What the command gives `summary`."""
    tests = pl.Series(kinds)
    fits = holdout.fitted(prompt, 2, 0)
    measured = measure(weights, hack, prompt, tests, fits, [1], [0.1], n_shuffles)
    about = {"sample": range(len(kinds)), "problem": prompt.numpy(), "kind": tests}
    return measured.join(pl.DataFrame(about), on="sample")


def table(weight: Weight, hack: torch.Tensor, prompt: torch.Tensor, *by: str) -> pl.DataFrame:
    kinds = [("empty", "weak")[i % 2] if h else "none" for i, h in enumerate(hack)]
    return shares.summary(rows([weight], hack, prompt, kinds, n_shuffles=6), *by)


def of_recipe(summary: pl.DataFrame, recipe: str) -> dict:
    return summary.row(by_predicate=pl.col("recipe") == recipe, named=True)


def test_contrast_finds_a_planted_direction_that_shuffled_labels_do_not():
    contrast = of_recipe(table(*planted()), "contrast")
    assert contrast["ratio"] > 3
    assert contrast["low"] > 2
    assert contrast["shuffled p95"] < 2


def test_where_nothing_is_planted_no_recipe_is_selective():
    summary = table(*planted(strength=0.0))
    assert summary.filter(pl.col("ratio") > 2).is_empty()


def test_v_itself_is_measured_where_it_is_given():
    assert of_recipe(table(*planted()), "v itself")["ratio"] > 5


def test_a_direction_common_to_all_hacks_is_found_without_the_kind_that_it_is_measured_on():
    summary = table(*planted())
    for kind in ("empty", "weak"):
        assert of_recipe(summary, f"contrast without {kind}")["ratio"] > 3


def test_the_table_by_projection_is_that_of_the_one_projection_where_there_is_one():
    whole, by = table(*planted()), table(*planted(), "projection")
    assert by["projection"].unique().to_list() == ["q"]
    assert_frame_equal(whole.sort("recipe"), by.drop("projection").sort("recipe"))


def test_two_weights_of_one_stream_are_measured_on_columns_of_their_mean_moment():
    weight, hack, prompt = planted()
    still = replace(
        weight,
        F=planted(seed=1, strength=0.0)[0].F,
        target=Target("k", 0, "k", "reads", None),
    )
    measured = rows([weight, still], hack, prompt, ["none"] * len(hack))
    contrast = measured.filter(recipe="contrast")
    q, k = (shares.summary(contrast.filter(weight=name)).row(0, named=True) for name in "qk")
    assert q["ratio"] > 3
    # k's own columns would hold more of k.
    assert q["hack %"] > 2 * k["hack %"]


def test_hacks_are_set_against_each_kind_of_clean_samples_tests_and_each_kind_of_hack_against_all():
    weight, hack, prompt = planted()
    kinds = []
    for i, is_hack in enumerate(hack):
        kinds.append((("empty", "weak") if is_hack else ("none", "honest"))[i % 2])
    contrast = rows([weight], hack, prompt, kinds).filter(recipe="contrast")
    of_hacks, of_clean = (shares.by_kind(contrast, side) for side in (True, False))
    assert of_hacks["tests"].to_list() == ["empty", "weak"]
    assert of_clean["tests"].to_list() == ["honest", "none"]
    honest = contrast.filter(~pl.col("hack"), kind="honest")
    expected = pytest.approx(100 * honest["share"].mean(), rel=0.05)
    assert of_clean.row(0, named=True)["clean %"] == expected
