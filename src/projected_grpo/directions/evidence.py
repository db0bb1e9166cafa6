"""What qualifies a direction.

Does it separate held-out problems better than shuffled labels do, and what is it made of?
"""

import torch
from einops import einsum
from jaxtyping import Bool, Float64
from torch import Tensor

from projected_grpo.directions import separation
from projected_grpo.directions.samples import Samples


def held_out(
    data: Samples, layer: int, method: str, Y: Bool[Tensor, "n k"], splits: int, seed: int
) -> tuple[dict, Float64[Tensor, " k"]]:
    """(held-out AUROC of one layer and method with its rank among shuffles, |AUROC - 0.5| of every
    labeling).

    Y: the real labels, then the shuffles.
    """
    K = separation.gram(data.centred(layer))
    d = data.x.shape[2]
    aurocs = separation.held_out(K, Y, data.prompt, data.problem, d, method == "lda", splits, seed)
    distance = (aurocs - 0.5).abs().mean(0)
    row = {
        "layer": layer,
        "method": method,
        "auroc": aurocs[:, 0].mean().item(),
        "auroc_std": aurocs[:, 0].std().item(),
        "rank": rank(distance),
        "of": Y.shape[1],
        "shuffled_mean": 0.5 + distance[1:].mean().item(),
        "shuffled_p95": 0.5 + distance[1:].quantile(0.95).item(),
    }
    return row, distance


def rank(distance: Float64[Tensor, " k"]) -> int:
    """Of the first among all, 1 is largest."""
    return 1 + int((distance[1:] >= distance[0]).sum())


def geometry(v: Float64[Tensor, " d"], X: Float64[Tensor, "n d"], data: Samples) -> dict:
    """What v is made of: its coordinates, the data's first principal component, response length."""
    d = len(v)
    score = einsum(X, v, "n d, d -> n")
    axis, variance = separation.first_component(X)
    length = separation.centre(data.n_tokens.double(), data.prompt)
    # A group is one class of one prompt.
    _, group = torch.unique(2 * data.prompt + data.hack, return_inverse=True)
    within = [separation.centre(x, group) for x in (score, length)]
    return {
        "d": d,
        "participation_ratio": separation.participation_ratio(v),
        "participation_ratio_chance": (d + 2) / 3,
        "largest_coordinate": v.abs().max().item(),
        "cos_first_component": (v @ axis).abs().item(),
        "cos_first_component_chance": (2 / torch.pi / d) ** 0.5,
        "first_component_variance": variance,
        "corr_length": separation.correlation(score, length),
        "corr_length_within_class": separation.correlation(*within),
        "auroc_of_length": separation.auroc(length[:, None], data.hack, data.prompt).item(),
        "mean_tokens_hack": data.n_tokens[data.hack].double().mean().item(),
        "mean_tokens_clean": data.n_tokens[~data.hack].double().mean().item(),
    }


def stability(
    X: Float64[Tensor, "n d"], Y: Bool[Tensor, "n k"], data: Samples, method: str, seed: int
) -> dict:
    """Median cosine between v and its re-estimate on resampled problems, beside shuffled labels'.

    Y: the real labels, then the shuffles. 20 shuffles suffice for the median that the real value
    stands beside.
    """
    K, d = separation.gram(X), X.shape[1]
    cosines = separation.bootstrap_cosines(
        K, Y[:, :21], data.problem, d, whiten=method == "lda", draws=200, seed=seed
    )
    return {
        "bootstrap_cosine": cosines[:, 0].median().item(),
        "bootstrap_cosine_chance": cosines[:, 1:].median().item(),
    }
