"""Directions and columns that know no hack: which there are, their labels, and their folders.

shuffled: labels permuted within each prompt. clean_vs_clean: a random half of each prompt's clean
samples against the rest. haar: a random direction (there are no such columns). Seeds are 1, 2, ...
because an arm takes the placebo of its run's seed; each lies in `<name>-s<seed>`, inside the folder
of the real one.
"""

from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

PLACEBOS = ("shuffled", "clean_vs_clean", "haar")


def shuffles(
    y: Bool[Tensor, " n"], group: Int[Tensor, " n"], k: int, seed: int
) -> Bool[Tensor, "n k"]:
    """k labelings that permute y within each group, so that every group keeps its counts."""
    generator = torch.Generator().manual_seed(seed)
    keys = torch.rand(len(y), k, dtype=torch.float64, generator=generator)
    # In blocks of one group each, shuffled inside.
    source = (group[:, None] + keys).argsort(0)
    Y = torch.empty(len(y), k, dtype=torch.bool)
    Y[group.argsort(stable=True)] = y[source]
    return Y


def halves(group: Int[Tensor, " n"], seed: int) -> Bool[Tensor, " n"]:
    """A random half of every group; of an odd number the odd one falls to a side at random."""
    generator = torch.Generator().manual_seed(seed)
    keys = torch.rand(len(group), generator=generator)
    same_group = group[:, None] == group
    place = (same_group & (keys < keys[:, None])).sum(1)
    flip = torch.rand(int(group.max()) + 1, generator=generator)[group] < 0.5
    return (place % 2 == 0) ^ flip


def flips(n: int, seed: int) -> Float[Tensor, " n"]:
    """1 or -1 for each of n pairs."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(2, (n,), generator=generator) * 2.0 - 1


def subfolder(name: str, seed: int) -> str:
    """Where the placebo of this name and seed lies, inside the folder of the real one."""
    return f"{name}-s{seed}"


def remedy(folder: Path, real: str) -> str:
    """What makes the files that `folder` lacks: placebos=<seed> in a placebo's, else `real`."""
    name, _, seed = folder.name.rpartition("-s")
    if name in PLACEBOS and seed.isdecimal():
        return f"make it with placebos={seed}"
    return real
