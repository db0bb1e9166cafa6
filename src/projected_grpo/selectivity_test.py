import polars as pl
import torch

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


def table(weight, hack, prompt) -> pl.DataFrame:
    fits = holdout.fitted(prompt, 2, 0)
    rows = selectivity.measure(weight, hack, prompt, fits, [1], [0.1], 6)
    return selectivity.summary(rows.join(pl.DataFrame({"sample": range(len(hack)), "problem": prompt.numpy()}), on="sample"))


def test_contrast_finds_a_planted_direction_that_shuffled_labels_do_not():
    contrast = table(*planted()).row(by_predicate=pl.col("recipe") == "contrast", named=True)
    assert contrast["ratio"] > 3 and contrast["low"] > 2 and contrast["shuffled p95"] < 2


def test_where_nothing_is_planted_no_recipe_is_selective():
    found = table(*planted(strength=0.0))
    assert found.filter(pl.col("ratio") > 2).is_empty()


def test_v_itself_is_measured_where_it_is_given():
    v = table(*planted()).row(by_predicate=pl.col("recipe") == "v itself", named=True)
    assert v["ratio"] > 5
