"""Columns on a whole model: B for every target once, then gradients edited before the optimizer's
step, or weights after it.

Knows torch modules (whole, FSDP2-sharded on dim 0, with or without LoRA), not verl. The order of a
step is `before_step` (after accumulation, before clipping) -> clip, optimizer -> `after_step` ->
`diagnostics.read`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from projected_grpo.cli import Refusal
from projected_grpo.weights import basis, clock, constraint, lora, shards, targets
from projected_grpo.weights.columns import Source
from projected_grpo.weights.targets import Target

# measure logs the same shares as gradient and update but touches nothing
Where = Literal["measure", "gradient", "update"]


@dataclass
class Guarded:
    """One target with its columns.

    param: what moves, W or LoRA's factor on the residual side (far: the other factor). Bs: the rows
    of B that match this rank's rows of param (writes), else B itself. probe: Bs s with s random
    signs; the mean of ‖g Bs s‖² over s is ‖g Bs‖². ranks: on how many the sum that `reduce` makes
    then stands. anchor: what stays (update). W0: param at the start (leak). v: the direction in the
    weight's frame.
    """

    target: Target
    shape: tuple[int, int]
    param: nn.Parameter
    far: nn.Parameter | None
    B: Float[Tensor, "d r"]
    Bs: Float[Tensor, "_ r"]
    probe: Float[Tensor, "_ 1"]
    reduce: constraint.Reduce
    ranks: int
    v: Float[Tensor, " d"] | None
    anchor: Float[Tensor, "_ _"] | None = None
    W0: Float[Tensor, "_ _"] | None = None


class Enforcer:
    """The targets of a model, each with its columns, held in one of three ways.

    where: measure, gradient (columns out of the gradient) or update (W B = W₀ B after each step).
    layers: band of depth, 0 to 1. leak: log ‖(W - W₀)B‖/‖W - W₀‖, which keeps a copy of the
    targets. Refusal: products in less than fp32, weights held in bf16, an adapter that moves W
    along B already.
    """

    def __init__(
        self,
        module: nn.Module,
        model_type: str,
        source: Source,
        where: Where,
        layers: tuple[float, float] = (0.0, 1.0),
        projections: tuple[str, ...] = targets.PROJECTIONS,
        leak: bool = False,
    ) -> None:
        self.source, self.where, self.leak = source, where, leak
        if self.constrains and torch.get_float32_matmul_precision() != "highest":
            raise Refusal(
                "the constraint needs fp32 products: "
                "leave torch.set_float32_matmul_precision at highest"
            )
        # inside and whole energy of every weight, by what was measured: pre, post, taken, leak
        self.energies: dict[str, Float[Tensor, "w 2"]] = {}
        self.clock = clock.Clock()
        params = {lora.base_name(name): p for name, p in module.named_parameters()}
        self.guarded = []
        for target, param, far in targets.moving(params, model_type, layers, projections):
            self.guarded.append(self._guard(params, target, model_type, param, far))
        ranks = [float(w.ranks) for w in self.guarded]
        device = self.guarded[0].B.device
        self.ranks = torch.tensor(ranks, dtype=torch.float64, device=device)

    @property
    def constrains(self) -> bool:
        return self.where in ("gradient", "update")

    @torch.no_grad()
    def _guard(
        self,
        params: dict[str, Tensor],
        target: Target,
        model_type: str,
        param: nn.Parameter,
        far: nn.Parameter | None,
    ) -> Guarded:
        side = target.side
        W = shards.whole(params[target.name])
        if self.constrains and param.dtype not in (torch.float32, torch.float64):
            raise Refusal(
                f"{target.name} is held in {param.dtype}, too coarse to stay on its anchor: "
                "set actor_rollout_ref.actor.fsdp_config.model_dtype=fp32"
            )
        v = self._in_frame(params, target, model_type, W)
        B = self.source.columns(W, target, v)
        basis.assert_orthonormal(B)
        rows, reduce, ranks = slice(None), constraint.identity, 1
        if side == "writes":
            rows, reduce, ranks = shards.rows(param), shards.sum_over(param), shards.ranks(param)
        generator = torch.Generator().manual_seed(0)
        signs = torch.randint(2, (B.shape[1], 1), generator=generator).to(B) * 2 - 1
        probe = B[rows] @ signs
        shape = tuple(W.shape)
        w = Guarded(target, shape, param, far, B, B[rows], probe, reduce, ranks, v)
        self._anchor(w)
        if self.leak and far is None:
            w.W0 = shards.local(param).clone()
        return w

    def _in_frame(
        self, params: dict[str, Tensor], target: Target, model_type: str, W: Tensor
    ) -> Float[Tensor, " d"] | None:
        """The source's direction as this weight sees it: behind a norm γ belongs to it."""
        if self.source.v is None:
            return None
        v = self.source.v.to(W.device).float()
        if target.norm is None:
            return v
        γ = targets.gamma(shards.whole(params[target.norm]).to(v), model_type)
        return basis.fold(v, γ)

    def _anchor(self, w: Guarded) -> None:
        here, side = shards.local(w.param), w.target.side
        if w.far is None:
            if self.where == "update":
                w.anchor = constraint.anchor(here, w.Bs, side, w.reduce)
            return
        if not self.constrains:
            return
        whole = shards.whole(w.param), shards.whole(w.far)
        if constraint.ratio(lora.energy(*whole, w.B, side)) > 1e-4:
            raise Refusal(
                f"the adapter that was loaded moves {w.target.name} along the columns: "
                "merge it into the model, or start a fresh one"
            )
        w.anchor = torch.zeros_like(constraint.anchor(here, w.Bs, side))
        # far is zero or param had no part inside B: W does not change
        constraint.restore(here, w.anchor, w.Bs, side, w.reduce)

    @torch.no_grad()
    def before_step(self) -> None:
        """Logs every gradient's share inside B; takes it out where gradients are edited."""
        self.clock.start()
        grads = [shards.local(w.param.grad) for w in self.guarded]
        coordinates = []
        # TF32 is enough where the coordinates are only measured
        with _products("highest" if self.where == "gradient" else "high"):
            for g, w in zip(grads, self.guarded, strict=True):
                coordinates.append(constraint.anchor(g, w.Bs, w.target.side, w.reduce))
        before = constraint.energies(coordinates, constraint.norms(grads), self.ranks)
        self.energies["pre"] = self.energies["post"] = before
        if self.where == "gradient":
            self.energies["post"] = self._project(grads, coordinates, before)
        self.clock.stop()

    def _project(
        self, grads: list[Tensor], coordinates: list[Tensor], before: Float[Tensor, "w 2"]
    ) -> Float[Tensor, "w 2"]:
        """Takes the columns out of every gradient in place; energies of what stays."""
        left = []
        for g, c, w in zip(grads, coordinates, self.guarded, strict=True):
            constraint.remove_(g, c, w.Bs, w.target.side)
            # one pass over g, where all of B would be another product
            left.append(constraint.anchor(g, w.probe, w.target.side, w.reduce))
        inside = constraint.energies(left, constraint.norms(left), self.ranks)[:, 0]
        # what was taken is at a right angle to what stays
        return torch.stack([inside, before[:, 1] - before[:, 0]], dim=1)

    @torch.no_grad()
    def after_step(self) -> None:
        """Puts the weights back onto W B = W₀ B where updates are edited; logs the leak so far."""
        self.clock.start()
        if self.where == "update":
            self.energies["taken"] = self._restore()
        if self.leak:
            self.energies["leak"] = self._leak()
        self.clock.stop()

    def _restore(self) -> Float[Tensor, "w 2"]:
        """`constraint.restore` of every weight; energy of what was put back, twice a row."""
        moved = []
        for w in self.guarded:
            W, side = shards.local(w.param), w.target.side
            off = constraint.anchor(W, w.Bs, side, w.reduce) - w.anchor
            constraint.remove_(W, off, w.Bs, side)
            moved.append(off)
        return constraint.energies(moved, constraint.norms(moved), self.ranks)

    def _leak(self) -> Float[Tensor, "w 2"]:
        if self.guarded[0].far is not None:
            # of the merged weights, whole on every rank
            rows = []
            for w in self.guarded:
                whole = shards.whole(w.param), shards.whole(w.far)
                rows.append(lora.energy(*whole, w.B, w.target.side) / shards.ranks(w.param))
            return torch.stack(rows)
        inside, sizes = [], []
        # one at a time: all movements at once would be another copy of the targets
        for w in self.guarded:
            moved = shards.local(w.param) - w.W0
            inside.append(constraint.anchor(moved, w.Bs, w.target.side, w.reduce))
            sizes += constraint.norms([moved])
        return constraint.energies(inside, sizes, self.ranks)


@contextmanager
def _products(precision: str) -> Iterator[None]:
    """fp32 matrix products at this precision inside."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
