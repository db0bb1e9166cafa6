"""From a weight and a direction to B [d r], the orthonormal columns that `constraint` holds.

Let s_j be W's singular vectors on the residual side (right ones if W reads the residual stream,
left ones if it writes it) and a_j = s_jᵀ v̂.

    select  which m of them: "alignment" the largest |a_j|, "value" the largest singular values,
            "random" a seeded draw
    extent  what goes: "span" all m (r = m), "direction" only Σ a_j s_j normalised (r = 1; at m = d
            it is v̂ itself)

cos α = ‖a over the chosen m‖ says how much of v̂ they hold; beside `chance_cos` it says whether W's
singular subspace knows anything of v.
"""

from functools import lru_cache
from typing import Literal

import torch
from einops import einsum
from jaxtyping import Float, Int
from torch import Tensor

from projected_grpo.weights.constraint import Side
from projected_grpo.weights.spectra import Spectrum, singular

Select = Literal["alignment", "value", "random"]
Extent = Literal["span", "direction"]


def fold(v: Float[Tensor, " d"], γ: Float[Tensor, " d"]) -> Float[Tensor, " d"]:
    """The direction that a weight behind RMSNorm sees: γ ⊙ v, unit length.

    γ: `targets.gamma` (some architectures store γ - 1).
    """
    return unit(v.double() * γ.to(v.device).double()).to(v.dtype)


def unit(v: Float[Tensor, " d"]) -> Float[Tensor, " d"]:
    """v / ‖v‖; ValueError if v is zero or not finite."""
    norm = torch.linalg.vector_norm(v)
    if not (norm.isfinite() and norm > 0):
        raise ValueError(f"v must be finite and not zero, its norm is {norm.item()}")
    return v / norm


def build(
    W: Float[Tensor, "_ _"],
    v: Float[Tensor, " d"],
    side: Side,
    m: int,
    select: Select = "alignment",
    extent: Extent = "span",
    seed: int = 0,
    spectrum: Spectrum | None = None,
) -> Float[Tensor, "d r"]:
    """B [d r], fp32, on W's device. v is in the weight's own frame: `fold` it behind a norm.

    m: 0 gives no columns at all. Where m exceeds W's rank, every true singular vector is taken and
    the null space fills up. seed: of select="random" only; give each weight its own.
    spectrum: W's, where it is known (`spectra.cached`).
    ValueError: m outside 0..d, v of another width, or a direction that is not there.
    """
    d = W.shape[1] if side == "reads" else W.shape[0]
    if v.shape[0] != d:
        raise ValueError(
            f"v is {v.shape[0]} wide but the weight's residual side is {d}: "
            "v belongs to another model"
        )
    if not 0 <= m <= d:
        raise ValueError(f"m={m} does not fit the residual side: choose 0 <= m <= {d}")
    S, rank = spectrum or singular(W, side)
    a = einsum(S.double(), unit(v.to(S.device).double()), "d j, d -> j")
    chosen = choose(a, rank, m, select, seed)
    S, a = S[:, chosen], a[chosen]
    if extent == "span" or m == 0:
        return S
    if torch.linalg.vector_norm(a) < 1e-6:
        raise ValueError(f"v is orthogonal to the {m} chosen singular vectors ({select}): raise m")
    return unit(einsum(S.double(), a, "d m, m -> d")).float()[:, None]


def contrast(
    C_hack: Float[Tensor, "d d"],
    C_clean: Float[Tensor, "d d"],
    r: int,
    lam: float,
    S: Float[Tensor, "d m"] | None = None,
) -> Float[Tensor, "d r"]:
    """B [d r], fp32: where hack gradients move a weight and clean ones do not.

    The r leading generalized eigenvectors of (C_hack, C_clean + λ tr(C_clean)/d · I), made
    orthonormal; with S [d m], orthonormal columns such as W's singular vectors, inside its span.
    C_hack, C_clean: second moments on the residual side (`gradients.moment`), means over samples of
    unit norm. ValueError: r outside 1..m, λ not positive, no clean gradient at all.
    """
    A, N = C_hack.double(), C_clean.double()
    if S is not None:
        A, N = (einsum(S.double(), C, S.double(), "d m, d e, e n -> m n") for C in (A, N))
    m, trace = len(A), N.trace()
    if not 1 <= r <= m:
        raise ValueError(f"r={r} does not fit: choose 1 <= r <= {m}")
    if not (lam > 0 and trace > 0):
        raise ValueError(
            f"the clean moment must be invertible: λ={lam} and tr(C_clean)={trace.item():.3g} "
            "must be positive"
        )
    L = torch.linalg.cholesky(N + lam * trace / m * torch.eye(m).to(N))
    half = torch.linalg.solve_triangular(L, A, upper=False)
    whitened = torch.linalg.solve_triangular(L, half.mT, upper=False)
    _, Y = torch.linalg.eigh((whitened + whitened.mT) / 2)
    X = torch.linalg.solve_triangular(L.mT, Y[:, -r:].flip(1), upper=True)
    Q = torch.linalg.qr(X).Q
    return (Q if S is None else einsum(S.double(), Q, "d m, m r -> d r")).float()


def choose(
    a: Float[Tensor, " j"], rank: int, m: int, select: Select, seed: int
) -> Int[Tensor, " m"]:
    """Indices of the m chosen singular vectors.

    The first `rank` go before the null space, which W does not know.
    """
    if select == "value":
        return torch.arange(m, device=a.device)
    if select == "random":
        score = torch.rand(len(a), generator=torch.Generator().manual_seed(seed)).to(a)
    else:
        score = a.abs() / a.abs().max().clamp_min(torch.finfo(a.dtype).tiny)
    first = (torch.arange(len(a), device=a.device) < rank).to(a)
    return torch.topk(score + 2 * first, m).indices


def cos_alpha(B: Float[Tensor, "d r"], v: Float[Tensor, " d"]) -> float:
    """cos α: the length of v̂'s part in the m singular vectors that `build` chose for it.

    The same for both extents.
    """
    return torch.linalg.vector_norm(einsum(B, unit(v.to(B)), "d r, d -> r")).item()


@lru_cache(maxsize=1024)
def chance_cos(d: int, rank: int, m: int, select: Select, draws: int = 64) -> tuple[float, float]:
    """cos α of Haar-random directions: (mean, 95th percentile) over seeded draws.

    rank: min(o, i) for a weight of full rank. A Haar vector's coordinates in any basis are Haar
    again, so neither W nor its singular vectors are needed.
    """
    Z = torch.randn(draws, d, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    A = Z / torch.linalg.vector_norm(Z, dim=1, keepdim=True)
    lengths = []
    for seed, a in enumerate(A):
        chosen = a[choose(a, rank, m, select, seed)]
        lengths.append(torch.linalg.vector_norm(chosen))
    cos = torch.stack(lengths)
    return cos.mean().item(), cos.quantile(0.95).item()


def assert_orthonormal(B: Float[Tensor, "d r"]) -> None:
    """Stop before a run if B is not what `constraint` needs: BᵀB = I to fp32 rounding."""
    fine = (torch.float32, torch.float64)
    assert B.dtype in fine, f"B is {B.dtype}: keep it in fp32, bf16 is too coarse"
    if B.shape[1] == 0:
        return
    gram = einsum(B, B, "d r, d s -> r s")
    error = (gram - torch.eye(B.shape[1]).to(B)).abs().max().item()
    assert error < 1e-5, f"B's columns are not orthonormal: |BᵀB - I| is up to {error:.1e}"
