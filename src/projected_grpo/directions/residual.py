"""Activations of hacks and clean samples -> v_hack, one unit direction in the residual stream.

With x̃ = x - x̄ of the sample's prompt, so that "hard problem" does not pose as "hack", and
δ = mean x̃ of hacks - mean x̃ of clean samples:

    mean_diff    v = δ / ‖δ‖
    lda          v = Σ⁻¹ δ / ‖Σ⁻¹ δ‖, Σ the shrunk covariance of x̃ (`separation.coefficients`)

at the layer of the band with the best held-out AUROC. Placebos are made by the same code.
"""

import torch
from einops import einsum
from jaxtyping import Bool, Float64
from torch import Tensor

from projected_grpo.directions import evidence, separation
from projected_grpo.directions.files import VHack
from projected_grpo.directions.placebos import PLACEBOS, halves, shuffles
from projected_grpo.directions.samples import Samples

METHODS = ("mean_diff", "lda")


def extract(
    data: Samples, method: str = "lda", n_shuffles: int = 200, splits: int = 10, seed: int = 0
) -> VHack:
    """v of the real labels, at the layer with the best held-out AUROC of `method`.

    manifest: everything that qualifies it. "held_out": one row a layer and method. "auroc": of
    pairs within a prompt, mean over `splits` random halves of the problems. "rank": of
    |AUROC - 0.5| among the same of directions from shuffled labels, 1 is best. The layer is chosen
    by that AUROC, which flatters its rank: "rank_of_best" is that of the largest over layers among
    each shuffle's largest. Values that end in _chance are what a direction without knowledge gets:
    Haar for geometry, shuffled labels for the bootstrap.
    """
    assert method in METHODS, f"method {method!r}: expected one of {', '.join(METHODS)}"
    assert n_shuffles >= 200, "the rank needs at least 200 shuffles"
    shuffled = shuffles(data.hack, data.prompt, n_shuffles, seed)
    Y = torch.cat([data.hack[:, None], shuffled], dim=1)
    table, distances = [], []
    for layer in data.layers:
        for name in METHODS:
            row, distance = evidence.held_out(data, layer, name, Y, splits, seed)
            table.append(row)
            distances += [distance] if name == method else []
    of_method = [row for row in table if row["method"] == method]
    best = max(of_method, key=lambda row: row["auroc"])
    X = data.centred(best["layer"])
    v = fit(X, data.hack, method)
    manifest = {
        **data.provenance,
        **best,
        "rank_of_best": evidence.rank(torch.stack(distances).amax(0)),
        "placebo": None,
        "seed": seed,
        "splits": splits,
        "shuffled": "within each prompt",
        **evidence.stability(X, Y, data, method, seed),
        **evidence.geometry(v, X, data),
        "held_out": table,
    }
    return VHack(v.float(), best["layer"], manifest)


def placebo(data: Samples, real: VHack, name: str, seed: int) -> VHack:
    """A direction that knows no hack, at the real one's layer and by its method.

    name: one of PLACEBOS; "haar" is drawn, the others are fitted to labels that know no hack.
    manifest["auroc"]: on all real labels, unseen by it.
    """
    assert name in PLACEBOS, f"placebo {name!r}: expected one of {', '.join(PLACEBOS)}"
    X, method = data.centred(real.layer), real.manifest["method"]
    if name == "haar":
        generator = torch.Generator().manual_seed(seed)
        v = torch.randn(X.shape[1], generator=generator, dtype=torch.float64)
        v = v / v.norm()
    elif name == "shuffled":
        v = fit(X, shuffles(data.hack, data.prompt, 1, seed)[:, 0], method)
    else:
        clean = ~data.hack
        x = data.x[clean, data.layers.index(real.layer)].double()
        prompt = data.prompt[clean]
        v = fit(separation.centre(x, prompt), halves(prompt, seed), method)
    scores = einsum(X, v, "n d, d -> n")
    manifest = {
        **data.provenance,
        "placebo": name,
        "seed": seed,
        "layer": real.layer,
        "method": method,
        "auroc": separation.auroc(scores[:, None], data.hack, data.prompt).item(),
        "cos_real": einsum(v, real.v.double(), "d, d ->").item(),
        **evidence.geometry(v, X, data),
    }
    return VHack(v.float(), real.layer, manifest)


def fit(X: Float64[Tensor, "n d"], y: Bool[Tensor, " n"], method: str) -> Float64[Tensor, " d"]:
    """Unit v towards y of centred X."""
    K = separation.gram(X)
    α = separation.coefficients(K, y[:, None], X.shape[1], whiten=method == "lda")
    v = einsum(α[:, 0], X, "n, n d -> d")
    return v / v.norm()
