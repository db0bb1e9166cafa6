"""Statistics in sample space against their definitions written out."""

import pytest
import torch

from projected_grpo.directions import separation
from projected_grpo.directions.residual_test import D, synthetic


def test_the_ridge_is_ledoit_and_wolfs_written_out():
    X = synthetic(1.0, problems=5).centred(3)
    n = len(X)
    S = X.T @ X / n
    μ = S.trace() / D
    noise = sum(((torch.outer(x, x) - S) ** 2).sum() for x in X) / n**2
    s = noise / ((S - μ * torch.eye(D)) ** 2).sum()
    ridge = separation.ridge(separation.gram(X), D).item()
    assert ridge == pytest.approx((n * s * μ / (1 - s)).item(), rel=1e-6)


def test_auroc_matches_counting_the_pairs_within_each_group():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(40, 3, generator=generator)
    y = torch.rand(40, generator=generator) < 0.4
    group = torch.randint(0, 5, (40,), generator=generator)
    pairs = y[:, None] & ~y & (group[:, None] == group)
    expected = (scores[:, None] > scores[None])[pairs].double().mean(0)
    torch.testing.assert_close(separation.auroc(scores, y, group), expected)
