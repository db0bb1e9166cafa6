"""Contrast columns against scipy's generalized eigenproblem and against planted directions."""

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from projected_grpo.weights.basis import assert_orthonormal, contrast

torch.set_num_threads(1)
quick = settings(max_examples=40, deadline=None)


def gaussian(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def second_moment(seed: int, d: int, n: int) -> torch.Tensor:
    """Mean moment of n random unit gradients that read a stream of width d: rank at most 3 n."""
    G = gaussian(seed, n, 3, d)
    G = G / G.flatten(1).norm(dim=1)[:, None, None]
    return torch.einsum("n o d, n o e -> d e", G, G) / n


@quick
@given(
    st.integers(0, 2**31),
    st.integers(2, 10),
    st.integers(1, 8),
    st.sampled_from([1e-3, 0.1, 1.0, 10.0]),
    st.data(),
)
def test_contrast_spans_the_leading_generalized_eigenvectors(seed, d, n, lam, data):
    A, N = second_moment(seed, d, n), second_moment(seed + 1, d, n)
    r = data.draw(st.integers(1, d))
    shrunk = N + lam * N.trace() / d * torch.eye(d)
    μ, X = scipy.linalg.eigh(A.numpy(), shrunk.numpy())
    # Else the span is not determined.
    if r == d or μ[-r] - μ[-r - 1] >= 1e-6:
        B = contrast(A, N, r, lam)
        assert_orthonormal(B)
        Q = np.linalg.qr(X[:, ::-1][:, :r])[0]
        np.testing.assert_allclose((B @ B.T).double(), Q @ Q.T, atol=1e-4)


@quick
@given(st.integers(0, 2**31), st.integers(2, 10), st.sampled_from([0.1, 1.0]))
def test_no_single_column_has_a_better_ratio(seed, d, lam):
    A, N = second_moment(seed, d, 4), second_moment(seed + 1, d, 4)

    def ratio(b):
        return (b @ A @ b) / (b @ N @ b + lam * N.trace() / d)

    best = ratio(contrast(A, N, 1, lam)[:, 0].double())
    others = torch.nn.functional.normalize(gaussian(seed, 50, d), dim=1)
    assert all(ratio(b) <= best * (1 + 1e-6) for b in others)


def test_a_planted_hack_direction_is_found_and_a_shared_one_is_not():
    d, (hack, shared) = 12, torch.eye(12, dtype=torch.float64)[:2]
    A = 0.3 * torch.outer(hack, hack) + 0.6 * torch.outer(shared, shared) + 0.1 * torch.eye(d) / d
    N = 0.9 * torch.outer(shared, shared) + 0.1 * torch.eye(d) / d
    B = contrast(A, N, 1, 0.1)
    assert abs(B[0, 0]) > 0.999
    assert abs(B[1, 0]) < 0.01


@pytest.mark.parametrize("m", [1, 4, 9])
def test_inside_a_basis_the_columns_stay_in_its_span(m):
    S = torch.linalg.qr(gaussian(m, 9, m)).Q
    B = contrast(second_moment(1, 9, 5), second_moment(2, 9, 5), 1, 0.1, S).double()
    assert (B - S @ (S.T @ B)).norm() < 1e-6


def test_inside_a_whole_basis_it_is_the_same_computation():
    S = torch.linalg.qr(gaussian(0, 9, 9)).Q
    A, N = second_moment(1, 9, 5), second_moment(2, 9, 5)
    whole, inside = (contrast(A, N, 3, 0.1, basis).double() for basis in (None, S))
    torch.testing.assert_close(whole @ whole.T, inside @ inside.T, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("r", "lam", "clean", "line"),
    [(0, 0.1, 1, "r=0"), (4, 0.1, 1, "1 <= r <= 3"), (1, 0.0, 1, "λ=0.0"), (1, 0.1, 0, "tr")],
)
def test_what_cannot_be_contrasted_is_refused_with_its_numbers(r, lam, clean, line):
    with pytest.raises(ValueError, match=line):
        contrast(torch.eye(3), clean * torch.eye(3), r, lam)
