"""Every operation of `constraint` and `basis` against plain float64 numpy, on adversarial weights,
directions and gradients.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from projected_grpo.weights import basis, constraint
from projected_grpo.weights.spectra import singular

torch.set_num_threads(1)
SHAPES = ("full", "rank one", "zero", "repeated", "identity", "thin", "huge", "tiny")
cases = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**31),
        "side": st.sampled_from(("reads", "writes")),
        "shape": st.sampled_from(SHAPES),
        "d": st.integers(1, 10),
        "other": st.integers(1, 10),
        "m": st.sampled_from(("one", "some", "all")),
        "select": st.sampled_from(("alignment", "value", "random")),
        "gradient": st.sampled_from(("random", "zero", "inside", "outside", "one column")),
        "dtype": st.sampled_from((torch.float64, torch.float32)),
    }
)
quick = settings(max_examples=60, deadline=None)
TOLERANCE = {
    torch.float64: 1e-6,
    torch.float32: 1e-5,
}  # B itself is fp32: its columns are orthonormal to 1e-6


def residual_rows(x: np.ndarray, side: str) -> np.ndarray:
    """x with the residual side last."""
    return x if side == "reads" else x.T


def weight(case: dict) -> np.ndarray:
    rng, d = np.random.default_rng(case["seed"]), case["d"]
    other = 1 if case["shape"] == "thin" else case["other"]
    W = rng.standard_normal((other, d))
    if case["shape"] == "rank one":
        W = np.outer(W[:, 0], W[0])
    elif case["shape"] == "repeated":
        U, σ, Vh = np.linalg.svd(W, full_matrices=False)
        W = (U * np.where(np.arange(len(σ)) < 3, 2.0, 1.0)) @ Vh
    elif case["shape"] == "identity":
        W = np.eye(other, d)
    W = W * {"zero": 0, "huge": 1e12, "tiny": 1e-12}.get(case["shape"], 1)
    return residual_rows(W, case["side"])


def drawn(case: dict):
    """(W, v, B as the code builds it, m) of one case."""
    W, d = torch.from_numpy(np.ascontiguousarray(weight(case))).float(), case["d"]
    v = torch.randn(d, generator=torch.Generator().manual_seed(case["seed"]))
    m = {"one": 1, "some": (d + 1) // 2, "all": d}[case["m"]]
    return W, v, basis.build(W, v, case["side"], m, case["select"], seed=case["seed"]), m


def gradient(case: dict, shape: torch.Size, P: np.ndarray) -> np.ndarray:
    """A gradient [o d] in the case's way, the residual side last; P = B Bᵀ."""
    g = np.random.default_rng(case["seed"] + 1).standard_normal(
        shape if case["side"] == "reads" else shape[::-1]
    )
    if case["gradient"] == "one column":
        g[:, 1:] = 0
    return {"zero": 0 * g, "inside": g @ P, "outside": g - g @ P}.get(case["gradient"], g)


@quick
@given(cases)
def test_every_operation_of_the_constraint_equals_dense_float64_algebra(case):
    W, _, B, _ = drawn(case)
    side, dtype, close = case["side"], case["dtype"], TOLERANCE[case["dtype"]]
    Q = B.double().numpy()
    P, scale = Q @ Q.T, max(W.abs().max().item(), 1e-30)
    g = gradient(case, W.shape, P)

    def tensor(x: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(residual_rows(x, side))).to(dtype)

    def dense(x: torch.Tensor) -> np.ndarray:
        return residual_rows(x.double().numpy(), side)

    np.testing.assert_allclose(dense(constraint.anchor(tensor(g), B, side)), g @ Q, atol=close * 10)
    np.testing.assert_allclose(
        dense(constraint.project(tensor(g), B, side)), g - g @ P, atol=close * 10
    )
    inside, total = np.square(g @ P).sum(), np.square(g).sum()
    np.testing.assert_allclose(
        constraint.energy(tensor(g), B, side), [inside, total], rtol=1e-3, atol=close
    )
    share = np.sqrt(inside / total) if total else 0.0
    assert constraint.share(tensor(g), B, side).item() == pytest.approx(
        share, abs=1e-3 if dtype is torch.float32 else 1e-5
    )
    start = dense(W) / scale
    W0, moved = tensor(start), tensor(start + g)
    restored = constraint.restore(moved.clone(), constraint.anchor(W0, B, side), B, side)
    np.testing.assert_allclose(
        dense(restored),
        dense(W0) + (dense(moved) - dense(W0)) @ (np.eye(len(P)) - P),
        atol=close * 10,
    )
    if np.square(g).sum() > 0.1:
        assert constraint.leak(moved, W0, B, side).item() == pytest.approx(share, abs=1e-3)


@quick
@given(cases)
def test_the_spectrum_is_an_eigenbasis_of_the_gram_matrix_whatever_the_weight(case):
    W = weight(case)
    S, rank = singular(torch.from_numpy(np.ascontiguousarray(W)), case["side"])
    S, rows = S.double().numpy(), residual_rows(W, case["side"])
    G = rows.T @ rows
    λ = np.diag(S.T @ G @ S)
    size = max(np.abs(G).max(), 1e-300)
    np.testing.assert_allclose(S.T @ S, np.eye(case["d"]), atol=1e-6)
    np.testing.assert_allclose(
        G @ S / size, S * λ / size, atol=1e-5
    )  # each column is an eigenvector, also where values repeat
    assert (np.diff(λ) <= 1e-5 * size).all()  # largest first
    assert rank == np.linalg.matrix_rank(rows) if np.abs(rows).max() > 0 else rank == 0


@quick
@given(cases)
def test_the_chosen_columns_are_those_that_a_plain_sort_chooses(case):
    W, v, B, m = drawn(case)
    S, rank = singular(W, case["side"])
    a = np.abs(S.double().numpy().T @ v.double().numpy())
    if case["select"] == "random":
        assert B.shape == (case["d"], m) and {tuple(b) for b in B.T.tolist()} <= {
            tuple(s) for s in S.T.tolist()
        }
    else:
        order = sorted(
            range(case["d"]), key=lambda j: (j >= rank, j if case["select"] == "value" else -a[j])
        )
        assert torch.equal(B, S[:, order[:m]])
    if m <= rank:
        assert (
            basis.cos_alpha(B, v) <= np.sqrt(np.square(a[:rank]).sum()) / np.linalg.norm(v) + 1e-5
        )


@quick
@given(cases)
def test_one_column_is_v_inside_the_chosen_span_or_a_refusal_where_v_is_orthogonal_to_it(case):
    W, v, B, m = drawn(case)
    v, Q = v.double(), B.double().numpy()
    if (
        case["gradient"] == "outside"
    ):  # v orthogonal to the subspace that "value" chooses; "alignment" then chooses another
        v = v - torch.from_numpy(Q @ (Q.T @ v.numpy()))
        if v.norm() < 1e-3:
            return
    span = basis.build(W, v, case["side"], m, case["select"], "span", case["seed"]).double().numpy()
    inside = span @ (span.T @ v.numpy())
    held = np.linalg.norm(inside) / v.norm().item()
    if held < 1e-5:
        with pytest.raises(ValueError, match="orthogonal"):
            basis.build(
                W,
                torch.from_numpy(v.numpy() - inside),
                case["side"],
                m,
                case["select"],
                "direction",
                case["seed"],
            )
    else:
        b = (
            basis.build(W, v, case["side"], m, case["select"], "direction", case["seed"])
            .double()
            .numpy()[:, 0]
        )
        np.testing.assert_allclose(b, inside / np.linalg.norm(inside), atol=1e-6 / held)


@quick
@given(st.integers(0, 2**31), st.integers(1, 12))
def test_folding_is_an_elementwise_product_of_unit_length(seed, d):
    rng = np.random.default_rng(seed)
    v, γ = rng.standard_normal(d), rng.uniform(0.1, 3, d)
    np.testing.assert_allclose(
        basis.fold(torch.from_numpy(v), torch.from_numpy(γ)),
        v * γ / np.linalg.norm(v * γ),
        atol=1e-12,
    )
