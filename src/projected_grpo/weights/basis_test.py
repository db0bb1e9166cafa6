"""B against a plain float64 SVD, on ordinary and on adversarial weights."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from projected_grpo.weights.basis import assert_orthonormal, build, chance_cos, cos_alpha, fold

torch.set_num_threads(1)  # tiny tensors: threads would only wait for each other
SIDES, SELECTS, EXTENTS = (
    ("reads", "writes"),
    ("alignment", "value", "random"),
    ("span", "direction"),
)
quick = settings(max_examples=40, deadline=None)


def weight(seed, side, d, other):
    x = torch.randn(d, other, generator=torch.Generator().manual_seed(seed))
    return x.T if side == "reads" else x


def vector(seed, d):
    return torch.randn(d, generator=torch.Generator().manual_seed(seed))


def residual_svd(W, side):
    """(S [d k], σ [k]) by LAPACK's SVD, not by the Gram matrix."""
    U, σ, Vh = torch.linalg.svd(W.double(), full_matrices=False)
    return (Vh.T, σ) if side == "reads" else (U, σ)


@quick
@given(
    st.integers(0, 2**31), st.sampled_from(SIDES), st.integers(2, 12), st.integers(2, 12), st.data()
)
def test_the_span_equals_the_reference_svd_span_for_alignment_and_value(seed, side, d, other, data):
    W, v, m = (
        weight(seed, side, d, other),
        vector(seed + 1, d),
        data.draw(st.integers(1, min(d, other))),
    )
    S, σ = residual_svd(W, side)
    a = S.T @ v.double()
    for select, order in (
        ("alignment", a.abs().argsort(descending=True)),
        ("value", σ.argsort(descending=True)),
    ):
        expected = S[:, order[:m]]
        B = build(W, v, side, m, select).double()
        torch.testing.assert_close(B @ B.T, expected @ expected.T, rtol=0, atol=1e-4)


@quick
@given(
    st.integers(0, 2**31),
    st.sampled_from(SIDES),
    st.sampled_from(SELECTS),
    st.sampled_from(EXTENTS),
    st.sampled_from(["full", "rank one", "zero", "repeated", "identity", "huge", "tiny"]),
    st.data(),
)
def test_columns_are_orthonormal_whatever_the_weight(seed, side, select, extent, shape, data):
    d, other = data.draw(st.integers(1, 10)), data.draw(st.integers(1, 10))
    W = weight(seed, side, d, other)
    if shape == "rank one":
        W = W[:, :1] @ W[:1]
    elif shape == "repeated":
        U, σ, Vh = torch.linalg.svd(W, full_matrices=False)
        W = U @ torch.diag(torch.where(torch.arange(len(σ)) < 3, 2.0, 1.0)) @ Vh
    elif shape == "identity":
        W = torch.eye(*W.shape)
    else:
        W = W * {"full": 1, "zero": 0, "huge": 1e18, "tiny": 1e-18}[shape]
    m = data.draw(st.integers(1, d))
    try:
        B = build(W, vector(seed + 1, d), side, m, select, extent, seed)
    except ValueError as refusal:  # an axis-aligned weight may hold none of v
        assert "orthogonal" in str(refusal) and extent == "direction"
        return
    assert_orthonormal(B)
    assert B.shape == (d, m if extent == "span" else 1) and B.dtype == torch.float32


@pytest.mark.parametrize("side", SIDES)
def test_the_null_space_is_used_only_after_every_true_singular_vector(side):
    W, v = weight(0, side, 10, 4), vector(1, 10)
    S, _ = residual_svd(W, side)
    for select in SELECTS:
        B = build(W, v, side, 6, select).double()
        torch.testing.assert_close(
            (B.T @ S).square().sum(0), torch.ones(4, dtype=torch.float64), rtol=0, atol=1e-5
        )


@pytest.mark.parametrize("select", SELECTS)
@pytest.mark.parametrize("side", SIDES)
def test_the_direction_at_m_equal_d_is_v_itself_even_for_a_thin_weight(side, select):
    v = vector(1, 9)
    B = build(weight(0, side, 9, 3), v, side, 9, select, "direction")
    torch.testing.assert_close(B[:, 0], v / v.norm(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("side", SIDES)
def test_the_direction_at_m_equal_1_is_the_best_aligned_singular_vector(side):
    W, v = weight(0, side, 9, 9), vector(1, 9)
    S, _ = residual_svd(W, side)
    best = S[:, (S.T @ v.double()).abs().argmax()]
    B = build(W, v, side, 1, "alignment", "direction").double()
    assert (B[:, 0] @ best).abs().item() == pytest.approx(1, abs=1e-5)


def test_a_direction_orthogonal_to_the_chosen_subspace_is_refused():
    W, v = (
        torch.diag(torch.arange(6.0, 0, -1)),
        torch.eye(6)[5],
    )  # v is the last singular vector, value takes the first
    with pytest.raises(ValueError, match="orthogonal to the 3 chosen"):
        build(W, v, "reads", 3, "value", "direction")


@pytest.mark.parametrize("extent", EXTENTS)
def test_no_singular_vectors_are_no_columns(extent):
    B = build(weight(0, "reads", 6, 20), vector(1, 6), "reads", 0, extent=extent)
    assert B.shape == (6, 0)


@pytest.mark.parametrize("m", [-1, 7])
def test_m_beyond_the_side_is_refused_with_the_range(m):
    with pytest.raises(
        ValueError, match=f"m={m} does not fit the residual side: choose 0 <= m <= 6"
    ):
        build(weight(0, "reads", 6, 20), vector(1, 6), "reads", m)


@pytest.mark.parametrize("side", SIDES)
def test_a_v_of_another_width_is_refused(side):
    with pytest.raises(ValueError, match="v is 5 wide but the weight's residual side is 6"):
        build(weight(0, side, 6, 20), vector(1, 5), side, 2)


@pytest.mark.parametrize("v", [torch.zeros(6), torch.full((6,), float("nan"))])
def test_a_v_without_direction_is_refused(v):
    with pytest.raises(ValueError, match="finite and not zero"):
        build(weight(0, "reads", 6, 20), v, "reads", 2)


def test_random_is_the_same_for_a_seed_differs_between_seeds_and_ignores_v():
    W = weight(0, "reads", 40, 40)
    spans = [
        build(W, vector(v, 40), "reads", 5, "random", seed=seed)
        for seed, v in ((0, 1), (0, 2), (1, 1))
    ]
    assert torch.equal(spans[0], spans[1])
    assert not torch.equal(spans[0], spans[2])


def test_the_scale_and_sign_of_v_do_not_change_the_subspace():
    W, v = weight(0, "reads", 12, 30), vector(1, 12)
    for extent in EXTENTS:
        B, C = build(W, v, "reads", 4, extent=extent), build(W, -7 * v, "reads", 4, extent=extent)
        torch.testing.assert_close(B @ B.T, C @ C.T, rtol=0, atol=1e-6)


@pytest.mark.parametrize("extent", EXTENTS)
def test_cos_alpha_is_the_length_of_v_inside_the_chosen_singular_vectors(extent):
    W, v = weight(0, "writes", 12, 30), vector(1, 12)
    S, _ = residual_svd(W, "writes")
    expected = (S.T @ (v / v.norm()).double()).abs().sort(descending=True).values[:4].norm().item()
    assert cos_alpha(build(W, v, "writes", 4, extent=extent), v) == pytest.approx(
        expected, abs=1e-5
    )


@pytest.mark.parametrize("select", SELECTS)
@pytest.mark.parametrize("other", [20, 120])
def test_the_chance_level_of_cos_alpha_is_what_random_directions_get_from_a_real_weight(
    select, other
):
    d, m = 60, 8
    W = weight(0, "reads", d, other)
    measured = [
        cos_alpha(build(W, vector(i, d), "reads", m, select, seed=i), vector(i, d))
        for i in range(40)
    ]
    mean, high = chance_cos(d, min(d, other), m, select)
    assert sum(measured) / 40 == pytest.approx(mean, rel=0.1)
    assert sum(cos > high for cos in measured) <= 8


def test_the_chance_level_by_value_is_about_the_root_of_m_over_d():
    assert chance_cos(400, 400, 100, "value")[0] == pytest.approx(0.5, rel=0.03)


def test_folding_multiplies_by_gamma_and_renormalises():
    v, γ = vector(0, 5), vector(1, 5)
    torch.testing.assert_close(fold(v, γ), γ * v / (γ * v).norm())


def test_columns_that_are_not_orthonormal_or_not_wide_enough_stop_a_run():
    with pytest.raises(AssertionError, match="not orthonormal"):
        assert_orthonormal(torch.ones(4, 2))
    with pytest.raises(AssertionError, match="fp32"):
        assert_orthonormal(torch.eye(4).bfloat16())
