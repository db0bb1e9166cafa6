"""Overlap of two sets against their projections written out."""

import pytest
import torch

from projected_grpo.directions import recipes
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.weights.sets import Matrix, Movements, taken


def projection(of: Movements) -> torch.Tensor:
    """[o i o i] as a matrix: what is taken of every unit movement."""
    units = torch.eye(6 * 5, dtype=torch.float64).unflatten(1, (6, 5))
    return torch.stack([taken(of, unit).flatten() for unit in units])


def fitted(recipe: str, side: str, seed: int) -> Movements:
    generator = torch.Generator().manual_seed(seed)
    D = torch.randn(6, 5, generator=generator, dtype=torch.float64)
    return recipes.get(recipe).fit(Classes(D), side, 2)


@pytest.mark.parametrize("side", ["reads", "writes"])
@pytest.mark.parametrize("recipe", ["signed", "cell", "diagonal"])
def test_overlap_is_the_mean_squared_cosine_of_all_directions(recipe, side):
    a, b = fitted(recipe, side, 0), fitted(recipe, side, 1)
    P, Q = projection(a), projection(b)
    expected = (P @ Q).trace() / Q.trace()
    assert a.overlap(b, lambda x: x) == pytest.approx(expected.item())
    assert a.overlap(a, lambda x: x) == pytest.approx(1)


def test_overlap_of_two_matrices_is_their_cosine():
    a = fitted("matrix", "reads", 0)
    assert a.overlap(Matrix(-a.D), lambda x: x) == pytest.approx(-1)
