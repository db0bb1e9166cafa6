"""Tensors and FSDP2's DTensors (Shard(0)) alike: the whole, this rank's rows, sums over ranks."""

from collections.abc import Callable

import torch.distributed as dist
from torch import Tensor
from torch.distributed.tensor import DTensor, Shard


def whole(p: Tensor) -> Tensor:
    return p.full_tensor() if isinstance(p, DTensor) else p.detach()


def local(p: Tensor) -> Tensor:
    """This rank's rows, a view: an edit in place edits the weight."""
    return p.to_local() if isinstance(p, DTensor) else p.detach()


def ranks(p: Tensor) -> int:
    """How many ranks hold rows of p."""
    return p.device_mesh.size() if isinstance(p, DTensor) else 1


def rank(p: Tensor) -> int:
    """Which of them this one is."""
    return p.device_mesh.get_local_rank() if isinstance(p, DTensor) else 0


def gathered(x: Tensor, p: Tensor) -> Tensor:
    """The whole of what every rank holds its rows x of, cut as p is."""
    if ranks(p) == 1:
        return x
    cut = dict(shape=p.shape, stride=p.stride(), run_check=False)
    return DTensor.from_local(x, p.device_mesh, p.placements, **cut).full_tensor()


def rows(p: Tensor) -> slice:
    """This rank's rows of the whole weight, as FSDP2's Shard(0) cuts them.

    As torch.chunk does: uneven, or none at the end.
    """
    if ranks(p) == 1:
        return slice(None)
    assert p.placements == (Shard(0),), f"expected Shard(0), found {p.placements}"
    step = -(-p.shape[0] // ranks(p))
    first = rank(p) * step
    return slice(min(first, p.shape[0]), min(first + step, p.shape[0]))


def sum_over(p: Tensor) -> Callable[[Tensor], Tensor]:
    """All-reduce (sum, in place) over the ranks that hold p's rows; nothing on a single rank."""
    if ranks(p) == 1:
        return lambda x: x
    group = p.device_mesh.get_group()

    def reduce(x: Tensor) -> Tensor:
        dist.all_reduce(x, group=group)
        return x

    return reduce
