"""The maths on one weight: keep the columns of B out of its movement.

    reads  (q k v gate up)  W [o d] takes the stream in.    g <- g - (g B) Bᵀ   W B = W₀ B
    writes (o down)         W [d i] puts into the stream.   g <- g - B (Bᵀ g)   Bᵀ W = Bᵀ W₀

`project` edits a gradient. It is not enough for the invariant: Adam rescales element by element and
weight decay pulls by W itself, so a projected gradient still moves W along B. `restore` edits the
weight after the step and holds whatever the optimizer did; it needs only the anchor W₀ B, r
columns, and no copy of W.

Shards. W may be one rank's rows (FSDP2, Shard(0)). Reading: rows are outputs o, B [d r] stays whole
and nothing is communicated. Writing: rows are residual coordinates, so B must be the matching rows
of B, and Bᵀ W is a sum over ranks: pass the all-reduce (sum) as `reduce`; it gets one small [r i]
tensor, also on ranks that hold no rows. Never reduce the result of a function that takes `reduce`,
except `energies`, which are made to be summed.

B has orthonormal columns (`basis.build`) and is fp32 or wider: in bf16 the columns are no longer
orthonormal. On a GPU the invariant also needs fp32 matrix products:
torch.get_float32_matmul_precision() == "highest" (torch's default).
"""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Side = Literal["reads", "writes"]
Reduce = Callable[[Tensor], Tensor]


def identity(x: Tensor) -> Tensor:
    """The `reduce` of a weight that is not sharded."""
    return x


def anchor(
    W: Float[Tensor, "_ _"], B: Float[Tensor, "d r"], side: Side, reduce: Reduce = identity
) -> Float[Tensor, "_ _"]:
    """W [o d] -> W B [o r] (reads), W [d i] -> Bᵀ W [r i] (writes).

    Of the starting weight: the WB0 of `restore`.
    """
    W = W.to(torch.promote_types(W.dtype, B.dtype))
    B = B.to(W.dtype)
    # a product is one kernel, and every step calls this for every weight
    return W @ B if side == "reads" else reduce(B.mT @ W)


def remove_(
    g: Float[Tensor, "_ _"], c: Float[Tensor, "_ _"], B: Float[Tensor, "d r"], side: Side
) -> Float[Tensor, "_ _"]:
    """Take c, coordinates in B as `anchor` gives them ([o r] or [r i]), out of g IN PLACE.

    One pass over g, no copy.
    """
    left, right = (c, B.mT) if side == "reads" else (B, c)
    # the product and the subtraction in one kernel; a bf16 g would round in between
    if g.dtype == c.dtype == B.dtype:
        return g.addmm_(left, right, alpha=-1)
    return g.sub_(left.to(c.dtype) @ right.to(c.dtype))


def project(
    g: Float[Tensor, "_ _"], B: Float[Tensor, "d r"], side: Side, reduce: Reduce = identity
) -> Float[Tensor, "_ _"]:
    """The part of g outside B, in g's shape and dtype.

    Linear in g: once after gradient accumulation is enough.
    """
    return remove_(g.clone(), anchor(g, B, side, reduce), B, side)


@torch.no_grad()
def restore(
    W: Float[Tensor, "_ _"],
    WB0: Float[Tensor, "_ _"],
    B: Float[Tensor, "d r"],
    side: Side,
    reduce: Reduce = identity,
) -> Float[Tensor, "_ _"]:
    """Edit W IN PLACE so that anchor(W) = WB0 again, and return it.

    Call after every optimizer step.

    WB0: `anchor` of the starting weight (this rank's rows for reads, the reduced whole for writes).
    What lies outside B keeps the optimizer's step. Exact to the rounding of W's dtype relative to
    W's own size, however many steps.
    """
    return remove_(W, anchor(W, B, side, reduce) - WB0, B, side)


def norms(xs: Sequence[Tensor]) -> list[Tensor]:
    """‖x‖ of each x, in one pass over all of them.

    In float64, because squares of small gradients underflow in fp32.
    """
    sizes = torch._foreach_norm(list(xs), 2, torch.float64)
    zero = sizes[0].new_zeros((), dtype=torch.float64)
    # on a GPU an empty shard's norm is not written
    return [size if x.numel() else zero for size, x in zip(sizes, xs, strict=True)]


def energies(
    cs: Sequence[Tensor], sizes: Sequence[Tensor], ranks: Float[Tensor, " n"]
) -> Float[Tensor, "n 2"]:
    """(squared norm of x's part inside B, squared norm of x) of many x, float64.

    Made to be summed over ranks, and over weights as you like. cs: `anchor`(x); ‖c Bᵀ‖ = ‖c‖ since
    BᵀB = I. sizes: `norms`(x). ranks: on how many ranks each c stands whole, as `reduce` left it,
    1 where it is of these rows alone.
    """
    inside = torch.stack(norms(cs)).square() / ranks
    whole = torch.stack(list(sizes)).square()
    return torch.stack([inside, whole], dim=1)


def energy(
    x: Float[Tensor, "_ _"],
    B: Float[Tensor, "d r"],
    side: Side,
    reduce: Reduce = identity,
    ranks: int = 1,
) -> Float[Tensor, " 2"]:
    """`energies` of one x."""
    stands = x.new_full((1,), ranks, dtype=torch.float64)
    return energies([anchor(x, B, side, reduce)], norms([x]), stands)[0]


def ratio(e: Float[Tensor, " 2"]) -> Float[Tensor, ""]:
    """√(inside / total) in [0, 1] of a summed `energy`; 0 where there is no energy at all."""
    return (e[0] / e[1].clamp_min(torch.finfo(e.dtype).tiny)).sqrt()


def share(g: Float[Tensor, "_ _"], B: Float[Tensor, "d r"], side: Side) -> Float[Tensor, ""]:
    """‖inside B‖ / ‖g‖ of one whole weight's gradient; beside it `chance`."""
    return ratio(energy(g, B, side))


def leak(
    W: Float[Tensor, "_ _"], W0: Float[Tensor, "_ _"], B: Float[Tensor, "d r"], side: Side
) -> Float[Tensor, ""]:
    """‖(W - W₀) B‖ / ‖W - W₀‖ of one whole weight, 0 if W did not move.

    Of many weights, or of shards: ratio(Σ energy(W - W₀)).
    """
    return share(W - W0, B, side)


def chance(d: int, r: int) -> float:
    """√(r/d): `share` of a gradient whose residual side knows nothing of B."""
    return (r / d) ** 0.5
