from dataclasses import replace

import polars as pl
import torch
from polars.testing import assert_frame_equal

from projected_grpo import holdout, selectivity
from projected_grpo.targets import Target

torch.set_num_threads(1)
D, K, PROBLEMS, EACH = 12, 3, 12, 2


def planted(seed: int = 0, strength: float = 4.0) -> tuple[selectivity.Weight, torch.Tensor, torch.Tensor]:
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
    return selectivity.Weight(Target("q", 0, "q", "reads", None), W, torch.eye(D)[0], F, differences), hack, prompt


def table(weight, hack, prompt, *by: str) -> pl.DataFrame:
    fits = holdout.fitted(prompt, 2, 0)
    kinds = pl.Series(["none" if not h else ("vacuous", "weak")[i % 2] for i, h in enumerate(hack)])
    rows = selectivity.measure(weight, weight.F, hack, prompt, kinds, fits, [1], [0.1], 6)
    return selectivity.summary(rows.join(pl.DataFrame({"sample": range(len(hack)), "problem": prompt.numpy()}), on="sample"), *by)


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
        assert found.row(by_predicate=pl.col("recipe") == f"contrast without {kind}", named=True)["ratio"] > 3


def test_the_table_by_weight_kind_is_that_of_the_one_kind_where_there_is_one():
    whole, by = table(*planted()), table(*planted(), "kind")
    assert by["kind"].unique().to_list() == ["q"]
    assert_frame_equal(whole.sort("recipe"), by.drop("kind").sort("recipe"))


def test_a_side_is_shared_by_the_weights_behind_one_norm_only():
    weight, _, _ = planted()
    q, k = (replace(weight, target=Target(name, 0, name, "reads", "norm")) for name in "qk")
    down = replace(weight, target=Target("down", 0, "down", "writes", None))
    found = [q, k, down]
    assert selectivity.stacked(q, found).shape[2] == 2 * K and selectivity.stacked(down, found).shape[2] == K
    torch.testing.assert_close(selectivity.mean_moment(selectivity.stacked(q, found)), selectivity.mean_moment(weight.F))
