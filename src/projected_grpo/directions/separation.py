"""Statistics of two classes of activations, in sample space: data enter as K = X Xᵀ [n n].

X [n d] is centred by prompt. A direction is v = Xᵀ α with α [n]; projections, norms and cosines
need only the Gram matrix K. So hundreds of label shuffles and bootstrap draws cost a few solves of
size n, whatever the width d. Labels Y [n k] hold k labelings side by side (the real one and its
shuffles). Everything is float64 and seeded.
"""

import torch
from einops import einsum
from jaxtyping import Bool, Float, Float64, Int
from torch import Tensor


def centre(x: Float[Tensor, "n ..."], group: Int[Tensor, " n"]) -> Float[Tensor, "n ..."]:
    """x minus the mean of its own group; groups are numbered 0, 1, ..."""
    member = torch.nn.functional.one_hot(group).to(x)
    share = member / member.sum(0)
    means = einsum(share, x, "n g, n ... -> g ...")
    return x - means[group]


def gram(X: Float64[Tensor, "n d"]) -> Float64[Tensor, "n n"]:
    """K = X Xᵀ."""
    return einsum(X, X, "n d, m d -> n m")


def difference(Y: Bool[Tensor, "n k"]) -> Float64[Tensor, "n k"]:
    """A with Xᵀ A = difference of class means (true minus false) of every labeling."""
    true = Y.double()
    false = 1 - true
    mean_of_true = true / true.sum(0)
    mean_of_false = false / false.sum(0)
    return mean_of_true - mean_of_false


def coefficients(
    K: Float64[Tensor, "n n"], Y: Bool[Tensor, "n k"], d: int, whiten: bool
) -> Float64[Tensor, "n k"]:
    """α of v ∝ Xᵀ A (mean_diff), or of v ∝ Σ⁻¹ Xᵀ A (lda, whiten).

    Σ = (1 - s) XᵀX/n + s μ I is Ledoit and Wolf's. It is the total covariance, yet v is LDA's:
    total = within + c δδᵀ, and (M + c δδᵀ)⁻¹ δ ∥ M⁻¹ δ for any M. It knows no labels, so one
    factorisation serves every shuffle; (XᵀX + ρ)⁻¹ Xᵀ = Xᵀ (X Xᵀ + ρ)⁻¹ brings it into sample
    space.
    """
    A = difference(Y)
    if not whiten:
        return A
    identity = torch.eye(len(K)).to(K)
    shrunk = K + ridge(K, d) * identity
    return torch.linalg.solve(shrunk, A)


def ridge(K: Float64[Tensor, "n n"], d: int) -> Float64[Tensor, ""]:
    """ρ = n s μ / (1 - s) with the shrinkage s of Ledoit and Wolf.

    Source: Ledoit and Wolf 2004, doi:10.1016/S0047-259X(03)00096-4.
    """
    n = len(K)
    # tr S / d and ‖S‖² of S = XᵀX/n.
    μ = K.trace() / n / d
    squared = K.square().sum() / n**2
    # ‖S - μI‖², and the noise of S as an estimate.
    spread = squared - d * μ**2
    of_one_sample = K.diagonal().square().sum() / n
    noise = (of_one_sample - squared) / n
    share = noise / spread
    s = share.clamp(1e-6, 1 - 1e-6)
    return n * s * μ / (1 - s)


def auroc(
    scores: Float[Tensor, "t k"], y: Bool[Tensor, " t"], group: Int[Tensor, " t"]
) -> Float64[Tensor, " k"]:
    """P(a true sample scores above a false one of the same group), of every column.

    Over all such pairs. Pairs within a group need no centring; a pooled AUROC of centred scores
    would fall where groups differ in their share of true samples. Ties count by the order of rows.
    """
    rank_of_score = scores.argsort(0).argsort(0)
    order = group[:, None] * len(y) + rank_of_score
    # In blocks of one group each.
    ranks = order.argsort(0).argsort(0).double()
    sizes = torch.bincount(group)
    ends = sizes.cumsum(0)
    starts = ends - sizes
    start = starts[group]
    rank_in_group = ranks - start[:, None]

    n_true = torch.bincount(group, weights=y.double())
    n_false = sizes - n_true
    samples_below = rank_in_group[y].sum(0)
    true_below = n_true * (n_true - 1) / 2
    false_below = samples_below - true_below.sum()
    n_pairs = n_true * n_false
    return false_below / n_pairs.sum()


def held_out(
    K: Float64[Tensor, "n n"],
    Y: Bool[Tensor, "n k"],
    prompt: Int[Tensor, " n"],
    problem: Int[Tensor, " n"],
    d: int,
    whiten: bool,
    splits: int,
    seed: int,
) -> Float64[Tensor, "splits k"]:
    """AUROC on the *real* labels Y[:, 0] of held-out problems, of each labeling's direction.

    A direction is fitted to the other problems. A shuffled labeling's is scored on the real labels
    too: it says what any direction reaches that the data's dominant axes suggest. Each split halves
    the problems at random.
    """
    generator = torch.Generator().manual_seed(seed)
    n_problems = int(problem.max()) + 1
    rows = []
    for _ in range(splits):
        place = torch.randperm(n_problems, generator=generator)
        train = place[problem] < n_problems / 2
        test = ~train
        among_train = K[train][:, train]
        test_by_train = K[test][:, train]
        α = coefficients(among_train, Y[train], d, whiten)
        scores = einsum(test_by_train, α, "t n, n k -> t k")
        real = Y[test, 0]
        rows.append(auroc(scores, real, prompt[test]))
    return torch.stack(rows)


def bootstrap_cosines(
    K: Float64[Tensor, "n n"],
    Y: Bool[Tensor, "n k"],
    problem: Int[Tensor, " n"],
    d: int,
    whiten: bool,
    draws: int,
    seed: int,
) -> Float64[Tensor, "draws k"]:
    """Cosine between each labeling's direction and its re-estimate on resampled problems."""
    generator = torch.Generator().manual_seed(seed)
    n_problems = int(problem.max()) + 1
    samples_of = [torch.nonzero(problem == p)[:, 0] for p in range(n_problems)]
    full = coefficients(K, Y, d, whiten)
    full_norm = norm(K, full)
    cosines = []
    for _ in range(draws):
        drawn = torch.randint(n_problems, (n_problems,), generator=generator)
        i = torch.cat([samples_of[p] for p in drawn])
        among_drawn = K[i][:, i]
        again = coefficients(among_drawn, Y[i], d, whiten)
        again_norm = norm(among_drawn, again)
        scores = einsum(K[i], full, "i n, n k -> i k")
        dot = einsum(again, scores, "i k, i k -> k")
        cosines.append(dot / (again_norm * full_norm))
    return torch.stack(cosines)


def norm(K: Float64[Tensor, "n n"], α: Float64[Tensor, "n k"]) -> Float64[Tensor, " k"]:
    """‖Xᵀ α‖ of every column."""
    scores = einsum(K, α, "i j, j k -> i k")
    squared = einsum(α, scores, "i k, i k -> k")
    # Rounding may bring a square below zero.
    return squared.clamp(min=0).sqrt()


def participation_ratio(v: Float[Tensor, " d"]) -> float:
    """(Σ v²)² / Σ v⁴: how many coordinates carry v.

    1 for an axis, (d + 2)/3 for a random direction.
    """
    v = v.double()
    squares = v.square().sum()
    fourth_powers = v.pow(4).sum()
    ratio = squares**2 / fourth_powers
    return ratio.item()


def first_component(X: Float64[Tensor, "n d"]) -> tuple[Float64[Tensor, " d"], float]:
    """(first principal component of centred X, its share of the variance)."""
    λ, U = torch.linalg.eigh(gram(X))
    # Eigenvalues ascend.
    first = U[:, -1]
    axis = einsum(first, X, "n, n d -> d")
    share = λ[-1] / λ.sum()
    return axis / axis.norm(), share.item()


def correlation(x: Float[Tensor, " n"], y: Float[Tensor, " n"]) -> float:
    """Pearson's; NaN where one of the two does not vary."""
    both = torch.stack([x.double(), y.double()])
    matrix = torch.corrcoef(both)
    return matrix[0, 1].item()
