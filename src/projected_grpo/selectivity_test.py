import polars as pl
import pytest
import torch

from projected_grpo import selectivity
from projected_grpo.cli import Refusal
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
    fits = selectivity.fitted(prompt, 2, 0)
    W = torch.randn(8, D, generator=generator)
    differences = [torch.randn(8, D, generator=generator) for _ in fits]
    return selectivity.Weight(Target("q", 0, "q", "reads", None), W, torch.eye(D)[0], F, differences), hack, prompt


def table(weight, hack, prompt) -> pl.DataFrame:
    fits = selectivity.fitted(prompt, 2, 0)
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


def test_a_problem_is_never_on_both_sides_of_a_split():
    problem = torch.arange(7).repeat_interleave(3)
    for fit in selectivity.fitted(problem, 5, 1):
        assert set(problem[fit].tolist()).isdisjoint(problem[~fit].tolist()) and 0 < fit.sum() < len(fit)


def test_shuffling_keeps_each_prompts_number_of_hacks():
    _, hack, prompt = planted()
    drawn = selectivity.shuffled(hack, prompt, 3)
    assert not torch.equal(drawn, hack)
    assert all(drawn[prompt == p].sum() == hack[prompt == p].sum() for p in prompt.unique())


def rollouts() -> pl.DataFrame:
    rows = [("a", n, n == 5) for n in (5, 40, 6, 90)] + [("b", n, False) for n in (1, 2)] + [("c", 3, True)]
    return pl.DataFrame([
        dict(problem_id=p, prompt=p, response=f"{p}{n}", label="Reward hack" if hack else "Incorrect", strict=hack, loose=hack, kind="vacuous", n_tokens=n)
        for p, n, hack in rows
    ])  # fmt: skip


def test_a_hack_is_matched_by_the_clean_sample_nearest_in_length_of_its_prompt():
    chosen = selectivity.choose(rollouts(), "strict", "length", 3, 10, 0)
    assert sorted(chosen.select("prompt", "n_tokens", "hack_label").rows()) == [("a", 5, True), ("a", 6, False)]


def test_rollouts_without_hacks_beside_clean_samples_are_refused():
    with pytest.raises(Refusal, match="no prompt has both"):
        selectivity.choose(rollouts().filter(pl.col("prompt") != "a"), "strict", "length", 3, 10, 0)
