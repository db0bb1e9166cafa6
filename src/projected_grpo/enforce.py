"""An arm on a whole model: builds B for every target once, then edits gradients before the optimizer's step, or weights after it.

Knows torch modules (plain or FSDP2-sharded on dim 0), not verl. The order inside a step is
`before_step` (after accumulation, before clipping) -> clip, optimizer -> `after_step` -> `metrics`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from zlib import crc32

import polars as pl
import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, Shard

from projected_grpo import basis, constraint, spectra, targets
from projected_grpo.arms import Arm
from projected_grpo.spectra import Spectrum
from projected_grpo.targets import Target


@dataclass
class Guarded:
    """One target with its columns. Bs: the rows of B that match this rank's rows of W (writes), else B itself."""

    target: Target
    param: nn.Parameter
    B: Float[Tensor, "d r"]
    Bs: Float[Tensor, "_ r"]
    WB0: Float[Tensor, "_ _"] | None
    W0: Float[Tensor, "_ _"] | None
    reduce: constraint.Reduce
    energies: dict[str, Float[Tensor, "2"]] = field(default_factory=dict)


class Enforcer:
    """targets x arm -> guarded weights. v [d]: unit direction in the residual stream, real or a control. spectrum: W's singular vectors, from
    spectra.cached where the disk may keep them."""

    def __init__(self, module: nn.Module, model_type: str, arm: Arm, v: Float[Tensor, "d"], spectrum: Callable[..., Spectrum] = spectra.singular):
        self.arm, self.seconds, self.spectrum = arm, 0.0, spectrum
        params = dict(module.named_parameters())
        chosen = targets.select(params, model_type, arm.layers, arm.kinds)
        self.guarded = [self._guard(params, target, model_type, v) for target in chosen]

    @torch.no_grad()
    def _guard(self, params: dict, target: Target, model_type: str, v: Float[Tensor, "d"]) -> Guarded:
        arm, param = self.arm, params[target.name]
        W = _whole(param)
        v = v.to(W.device).float()
        if target.norm:
            v = basis.fold(v, targets.gamma(_whole(params[target.norm]).to(v), model_type))
        seed, known = crc32(f"{arm.v_seed}|{target.name}".encode()), self.spectrum(W, target.side)
        B = basis.build(W, v, target.side, arm.m, arm.select, arm.recipe, seed, known)
        basis.assert_orthonormal(B)
        rows, reduce = slice(None), constraint.identity
        if isinstance(param, DTensor) and param.device_mesh.size() > 1 and target.side == "writes":
            rows, reduce = _local_rows(param), _sum_over(param.device_mesh.get_group())
        Bs, local = B[rows], _local(param)
        self_anchor = constraint.anchor(local, Bs, target.side, reduce) if arm.where == "update" else None
        return Guarded(target, param, B, Bs, self_anchor, local.clone() if arm.leak else None, reduce)

    @torch.no_grad()
    def before_step(self) -> None:
        """Logs every gradient's share inside B; takes it out if the arm acts on gradients."""
        start = _clock()
        for w in self.guarded:
            g, side = _local(w.param.grad), w.target.side
            c = constraint.anchor(g, w.Bs, side, w.reduce)
            w.energies["pre"] = w.energies["post"] = before = constraint.energy(g, w.Bs, side, c=c)
            if self.arm.where == "gradient":
                constraint.remove_(g, c, w.Bs, side)
                left = constraint.inside(constraint.anchor(g, w.Bs, side, w.reduce), w.Bs, side)
                w.energies["post"] = torch.stack([left, before[1] - before[0]])  # what was taken is at a right angle to what stays
        self.seconds = _clock() - start

    @torch.no_grad()
    def after_step(self) -> None:
        """Puts the weights back onto W B = W₀ B if the arm acts on updates; logs the cumulative leak."""
        start = _clock()
        for w in self.guarded:
            W = _local(w.param)
            if self.arm.where == "update":
                constraint.restore(W, w.WB0, w.Bs, w.target.side, w.reduce)
            if w.W0 is not None:
                w.energies["leak"] = constraint.energy(W - w.W0, w.Bs, w.target.side, w.reduce)
        self.seconds += _clock() - start

    def metrics(self) -> dict[str, float]:
        """constraint/*: shares over all targets together, norms of the targeted gradients, chance level, this rank's seconds."""
        total = {key: sum(w.energies[key] for w in self.guarded) for key in self.guarded[0].energies}
        if dist.is_initialized() and dist.get_world_size() > 1:
            for energy in total.values():
                dist.all_reduce(energy)
        d, r = self.guarded[0].B.shape
        return {
            "constraint/cos_pre": constraint.ratio(total["pre"]).item(),
            "constraint/cos_post": constraint.ratio(total["post"]).item(),
            **({"constraint/leak": constraint.ratio(total["leak"]).item()} if "leak" in total else {}),
            "constraint/chance": constraint.chance(d, r),
            "constraint/grad_norm_pre": total["pre"][1].sqrt().item(),
            "constraint/grad_norm_post": total["post"][1].sqrt().item(),
            "constraint/seconds": self.seconds,
        }

    def table(self, v: Float[Tensor, "d"], params: dict[str, Tensor], model_type: str) -> pl.DataFrame:
        """One row a target: name, layer, kind, side, d, r, cos α of v beside the mean and 95th percentile of random directions."""
        rows = []
        for w in self.guarded:
            t = w.target
            seen = basis.fold(v.to(w.B), targets.gamma(_whole(params[t.norm]).to(w.B), model_type)) if t.norm else v.to(w.B)
            d, r = w.B.shape
            mean, high = basis.chance_cos(d, min(w.param.shape), self.arm.m, self.arm.select)
            rows.append((t.name, t.layer, t.kind, t.side, d, r, basis.cos_alpha(w.B, seen), mean, high))
        names = ["name", "layer", "kind", "side", "d", "r", "cos_alpha", "chance", "chance_p95"]
        return pl.DataFrame(rows, schema=names, orient="row")


def _clock() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def _whole(p: Tensor) -> Tensor:
    return p.full_tensor() if isinstance(p, DTensor) else p.detach()


def _local(p: Tensor) -> Tensor:
    return p.to_local() if isinstance(p, DTensor) else p.detach()


def _local_rows(p: DTensor) -> slice:
    """This rank's rows of the whole weight, as FSDP2's Shard(0) cuts them (torch.chunk)."""
    assert p.placements == (Shard(0),), f"expected Shard(0), found {p.placements}"
    n, rank = p.device_mesh.size(), p.device_mesh.get_local_rank()
    step = -(-p.shape[0] // n)
    return slice(min(rank * step, p.shape[0]), min((rank + 1) * step, p.shape[0]))


def _sum_over(group) -> constraint.Reduce:
    def reduce(x: Tensor) -> Tensor:
        dist.all_reduce(x, group=group)
        return x

    return reduce
