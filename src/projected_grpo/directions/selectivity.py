"""Do columns know a hack from a solution? The share of held-out gradients inside B, per recipe.

A sample's share at a weight is ‖gB‖² / ‖g‖² (reads; ‖Bᵀg‖² writes). Problems, never samples, are
held out: columns are fitted on the problems of one side of a split and measured on the other.

    value, alignment, random    W's singular vectors (`basis.build`); no labels
    v itself                    v_hack in the weight's frame; other labels
    mean difference             leading singular vectors of mean g of hacks - mean g of clean
    contrast                    generalized eigenvectors (`contrast`)
    contrast without KIND       the same, fitted without a kind of hack and measured on that kind
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
import torch
from einops import einsum
from jaxtyping import Bool, Float, Int
from torch import Tensor

from projected_grpo.directions.factors import Weight
from projected_grpo.directions.placebos import shuffles
from projected_grpo.weights import basis, constraint, spectra
from projected_grpo.weights.columns import seed_of


@dataclass(frozen=True)
class Case:
    """Columns of a recipe: fitted to the samples of `fit`, measured on those of `held_out`.

    shuffle: number of the shuffle that `hack` is, -1 for real labels.
    """

    recipe: str
    split: int
    shuffle: int
    hack: Bool[Tensor, " n"]
    fit: Bool[Tensor, " n"]
    held_out: Bool[Tensor, " n"]


def measure(
    fellows: list[Weight],
    hack: Bool[Tensor, " n"],
    prompt: Int[Tensor, " n"],
    kinds: pl.Series,
    fits: Bool[Tensor, "s n"],
    rs: list[int],
    lams: list[float],
    n_shuffles: int,
) -> pl.DataFrame:
    """Shares of the held-out samples at the weights of one stream, a row each.

    fellows: weights on one side of the stream, which share contrast columns as an arm's do
    (`contrast.streams`). kinds: of each sample's test function. fits: which samples each split fits
    on. rs, lams: numbers of columns, and λ of the contrast. Columns of the result: recipe, r, lam,
    split, shuffle (-1: real labels), sample, hack, share, weight, projection, layer.
    """
    parts, widest = [], max(rs)
    for w in fellows:
        for case, B in _own_columns(w, hack, fits, widest):
            parts.append(inside(w, B, case, 0.0, rs))
    # Factors of the fellows' mean moment.
    F = torch.cat([w.F for w in fellows], dim=2) / len(fellows) ** 0.5
    for case in contrast_cases(hack, prompt, kinds, fits, n_shuffles):
        C_hack = mean_moment(F[(case.fit & case.hack).to(F.device)])
        C_clean = mean_moment(F[(case.fit & ~case.hack).to(F.device)])
        for lam in lams:
            B = basis.contrast(C_hack, C_clean, widest, lam)
            parts += [inside(w, B, case, lam, rs) for w in fellows]
    return pl.concat(parts)


def inside(
    w: Weight, B: Float[Tensor, "d r"], case: Case, lam: float, rs: Sequence[int]
) -> pl.DataFrame:
    """The shares of the case's held-out samples inside the first r columns of B, for every r.

    B is ordered and orthonormal in every recipe, so that fewer columns are the first of more.
    """
    sample = case.held_out.nonzero()[:, 0]
    F = w.F[sample.to(w.F.device)]
    per_column = einsum(F, B.to(F), "n d k, d r -> n k r").square().sum(1)
    shares = per_column.cumsum(1).cpu()
    widths = [r for r in rs if r <= B.shape[1]] or [B.shape[1]]
    parts = []
    for r in widths:
        rows = {
            "recipe": case.recipe,
            "r": r,
            "lam": lam,
            "split": case.split,
            "shuffle": case.shuffle,
            "sample": sample.numpy(),
            "hack": case.hack[sample].numpy(),
            "share": shares[:, r - 1].numpy(),
            "weight": w.target.name,
            "projection": w.target.projection,
            "layer": w.target.layer,
        }
        parts.append(pl.DataFrame(rows))
    return pl.concat(parts)


def _own_columns(
    w: Weight, hack: Bool[Tensor, " n"], fits: Bool[Tensor, "s n"], r: int
) -> Iterator[tuple[Case, Float[Tensor, "d r"]]]:
    """The recipes that look at one weight alone, for every split."""
    label_free = fixed(w, r)
    for split, (fit, D) in enumerate(zip(fits, w.differences, strict=True)):
        columns = {**label_free, "mean difference": mean_difference(D, w.target.side, r)}
        for recipe, B in columns.items():
            yield Case(recipe, split, -1, hack, fit, ~fit), B


def fixed(w: Weight, r: int) -> dict[str, Float[Tensor, "d r"]]:
    """Columns that no label of these samples enters, best first."""
    spectrum = spectra.singular(w.W, w.target.side)
    any_v = torch.ones(w.F.shape[1])
    own = seed_of(0, w.target.name)
    columns = {}
    for select in ("random", "value"):
        columns[select] = basis.build(
            w.W, any_v, w.target.side, r, select, seed=own, spectrum=spectrum
        )
    if w.v is not None:
        columns["alignment"] = basis.build(
            w.W, w.v, w.target.side, r, "alignment", seed=own, spectrum=spectrum
        )
        columns["v itself"] = basis.unit(w.v)[:, None]
    return columns


def mean_difference(D: Float[Tensor, "_ _"], side: constraint.Side, r: int) -> Float[Tensor, "d r"]:
    """Leading singular vectors, on the residual side, of the difference of mean gradients."""
    return spectra.singular(D, side).S[:, :r]


def mean_moment(F: Float[Tensor, "n d k"]) -> Float[Tensor, "d d"]:
    """The mean over samples of F Fᵀ."""
    return einsum(F, F, "n d k, n e k -> d e") / len(F)


def contrast_cases(
    hack: Bool[Tensor, " n"],
    prompt: Int[Tensor, " n"],
    kinds: pl.Series,
    fits: Bool[Tensor, "s n"],
    n_shuffles: int,
) -> Iterator[Case]:
    """Real labels in every split, also without one kind of hack, then shuffled labels.

    Shuffle i takes its turn in split i modulo their number: a shuffle's ratio is of one split and
    spreads wider than the real one, a mean over splits.
    """
    withheld = withheld_kinds(hack, kinds)
    for split, fit in enumerate(fits):
        yield Case("contrast", split, -1, hack, fit, ~fit)
        for kind, own in withheld.items():
            if (fit & hack & ~own).any():
                recipe = f"contrast without {kind}"
                yield Case(recipe, split, -1, hack, fit & ~own, ~fit & (own | ~hack))
    for i, shuffled in enumerate(shuffles(hack, prompt, n_shuffles, seed=0).T):
        split = i % len(fits)
        yield Case("contrast", split, i, shuffled, fits[split], ~fits[split])


def withheld_kinds(hack: Bool[Tensor, " n"], kinds: pl.Series) -> dict[str, Bool[Tensor, " n"]]:
    """The hacks of each kind that at least two hacks have and two have not."""
    withheld = {}
    for kind in kinds.unique().sort():
        own = (kinds == kind).to_torch() & hack
        if own.sum() > 1 and (hack & ~own).sum() > 1:
            withheld[kind] = own
    return withheld
