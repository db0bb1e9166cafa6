"""A source of columns: where hack gradients move a weight and clean ones do not.

With C the mean over a class's samples of gᵀg (reads) or ggᵀ (writes), g a unit gradient
(`gradients`), B [d r] are the r leading solutions b of

    C_hack b = μ (C_clean + λ tr(C_clean)/d I) b        made orthonormal: `basis.contrast`

Weights behind one norm (q k v; gate up) read the same stream, share a moment, the mean of theirs,
and get the same columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import torch
from jaxtyping import Float, Int
from torch import Tensor

from projected_grpo.directions import gradients, labelled, placebos
from projected_grpo.weights import basis
from projected_grpo.weights.targets import Target

# By stream: (C_hack, C_clean), each [d d].
Moments = dict[str, tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Labeling:
    """label: 1 hack, 0 clean, -1 left out. placebo: its name, None for the real labels."""

    placebo: str | None
    seed: int
    label: Int[Tensor, " n"]


def stream(target: Target) -> str:
    """The residual side of a target: the norm that it reads behind, or itself where it writes."""
    return target.norm if target.side == "reads" else target.name


def streams(targets: Iterable[Target]) -> dict[str, list[Target]]:
    """The targets on each residual side, in their order."""
    members: dict[str, list[Target]] = {}
    for target in targets:
        members.setdefault(stream(target), []).append(target)
    return members


def labelings(rows: pl.DataFrame, n: int) -> dict[str, Labeling]:
    """By name: "real", and for every seed 1 to n a `placebos.subfolder` of each placebo.

    rows: columns prompt and hack. Placebos: labels shuffled within prompts, and a random half of
    each prompt's clean samples against the other.
    """
    hack, prompt = rows["hack"].to_torch(), labelled.numbered(rows["prompt"])
    by_name = {"real": Labeling(None, 0, hack.long())}
    for seed in range(1, n + 1):
        shuffled = placebos.shuffles(hack, prompt, 1, seed)[:, 0].long()
        halves = torch.full((len(rows),), -1)
        halves[~hack] = placebos.halves(prompt[~hack], seed).long()
        for placebo, label in (("shuffled", shuffled), ("clean_vs_clean", halves)):
            by_name[placebos.subfolder(placebo, seed)] = Labeling(placebo, seed, label)
    return by_name


def moments(
    grads: Iterable[Mapping[str, Tensor]], chosen: Sequence[Target], labels: Int[Tensor, "l n"]
) -> list[Moments]:
    """The mean moments of samples labelled 1 and 0, by stream, for every row of labels.

    grads: each sample's unit gradients by weight, in order (`gradients.of_samples`). One pass;
    nothing stays in memory of a sample but its part of the sums: 2 l matrices of d x d a stream.
    """
    members = streams(chosen)
    # Of a stream: the sum over clean samples (0), and over hacks (1).
    sums: list[dict[str, list]] = [{name: [0.0, 0.0] for name in members} for _ in labels]
    for n, sample in enumerate(grads):
        for name, targets in members.items():
            C = sum(gradients.moment(sample[t.name], t.side) for t in targets) / len(targets)
            for of_labeling, row in zip(sums, labels, strict=True):
                label = int(row[n])
                if label >= 0:
                    size = int((row == label).sum())
                    of_labeling[name][label] = of_labeling[name][label] + C / size
    means = []
    for of_labeling in sums:
        means.append({name: (hack, clean) for name, (clean, hack) in of_labeling.items()})
    return means


def fit(
    of_streams: Mapping[str, tuple[Tensor, Tensor]], chosen: Sequence[Target], r: int, lam: float
) -> dict[str, Float[Tensor, "d _"]]:
    """Every target's columns, best first, from its stream's moments."""
    columns = {}
    for name, targets in streams(chosen).items():
        hack, clean = of_streams[name]
        B = basis.contrast(hack, clean, r, lam).cpu()
        for target in targets:
            columns[target.name] = B.clone(memory_format=torch.contiguous_format)
    return columns
