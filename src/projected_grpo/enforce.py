"""An arm on a whole model: builds B for every target once, then edits gradients before the optimizer's step, or weights after it.

Knows torch modules (plain, FSDP2-sharded on dim 0, with or without LoRA), not verl. The order inside a step is
`before_step` (after accumulation, before clipping) -> clip, optimizer -> `after_step` -> `diagnostics.read`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zlib import crc32

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor, nn

from projected_grpo import basis, constraint, lora, shards, spectra, targets
from projected_grpo.arms import Arm
from projected_grpo.cli import Refusal
from projected_grpo.spectra import Spectrum
from projected_grpo.targets import Target


@dataclass
class Guarded:
    """One target with its columns. param: what moves, W or LoRA's factor on the residual side (far: the other factor). Bs: the rows of B that match
    this rank's rows of param (writes), else B itself. anchor: what stays (update). W0: param at the start (leak). seen [d]: v in the weight's frame."""

    target: Target
    shape: tuple[int, int]
    param: nn.Parameter
    far: nn.Parameter | None
    B: Float[Tensor, "d r"]
    Bs: Float[Tensor, "_ r"]
    reduce: constraint.Reduce
    seen: Float[Tensor, "d"] | None
    anchor: Float[Tensor, "_ _"] | None = None
    W0: Float[Tensor, "_ _"] | None = None
    energies: dict[str, Float[Tensor, "2"]] = field(default_factory=dict)


class Enforcer:
    """targets x arm -> guarded weights. v [d]: unit direction in the residual stream, real or a control; None where columns come with the arm
    (`contrast.load`: weight's name -> B [d _], best first). spectrum: W's singular vectors, from spectra.cached where the disk may keep them."""

    def __init__(
        self, module: nn.Module, model_type: str, arm: Arm, v: Float[Tensor, "d"] | None, spectrum: Callable[..., Spectrum] = spectra.singular,
        columns: Mapping[str, Tensor] | None = None,
    ):  # fmt: skip
        self.arm, self.seconds, self.spectrum, self.columns = arm, 0.0, spectrum, columns
        params = {lora.plain(name): p for name, p in module.named_parameters()}
        chosen = targets.select(params, model_type, arm.layers, arm.kinds)
        adapted = any(".lora_" in name for name in params)
        pairs = {t.name: lora.factors(params, t.name, t.side) if adapted else None for t in chosen}
        moving = [t for t in chosen if not adapted or pairs[t.name]]  # under LoRA a weight without factors is frozen
        if not moving:
            raise Refusal("no adapter stands on a constrained weight: widen model.target_modules, arm.kinds or arm.layers")
        self.guarded = [self._guard(params, target, model_type, v, pairs[target.name]) for target in moving]

    @torch.no_grad()
    def _guard(self, params: dict, target: Target, model_type: str, v: Tensor | None, pair: tuple[Tensor, Tensor] | None) -> Guarded:
        arm, side, W = self.arm, target.side, shards.whole(params[target.name])
        param, far = pair or (params[target.name], None)
        if v is not None:
            v = v.to(W.device).float()
            if target.norm:
                v = basis.fold(v, targets.gamma(shards.whole(params[target.norm]).to(v), model_type))
        B = self._columns(W, target, v)
        basis.assert_orthonormal(B)
        rows, reduce = (shards.rows(param), shards.sum_over(param)) if side == "writes" else (slice(None), constraint.identity)
        if arm.constrains and param.dtype not in (torch.float32, torch.float64):
            raise Refusal(f"{target.name} is held in {param.dtype}, too coarse to stay on its anchor: set actor_rollout_ref.actor.fsdp_config.model_dtype=fp32")
        w = Guarded(target, tuple(W.shape), param, far, B, B[rows], reduce, v)
        here = shards.local(param)
        if pair and arm.constrains:
            if constraint.ratio(lora.energy(shards.whole(param), shards.whole(far), B, side)) > 1e-4:
                raise Refusal(f"the adapter that was loaded moves {target.name} along the columns: merge it into the model, or start a fresh one")
            w.anchor = torch.zeros_like(constraint.anchor(here, w.Bs, side))
            constraint.restore(here, w.anchor, w.Bs, side, reduce)  # far is zero or param had no part inside B: W does not change
        elif arm.where == "update":
            w.anchor = constraint.anchor(here, w.Bs, side, reduce)
        if arm.leak and not pair:
            w.W0 = here.clone()
        return w

    def _columns(self, W: Tensor, target: Target, v: Tensor | None) -> Float[Tensor, "d r"]:
        arm = self.arm
        if arm.select == "contrast":
            if target.name not in self.columns:
                raise Refusal(f"there are no contrast columns for {target.name}: make them with these layers= and kinds=")
            return self.columns[target.name][:, : arm.m].to(W.device).contiguous()
        seed = crc32(f"{arm.v_seed}|{target.name}".encode())
        return basis.build(W, v, target.side, arm.m, arm.select, arm.recipe, seed, self.spectrum(W, target.side))

    @torch.no_grad()
    def before_step(self) -> None:
        """Logs every gradient's share inside B; takes it out if the arm acts on gradients."""
        start = _clock()
        for w in self.guarded:
            g, side = shards.local(w.param.grad), w.target.side
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
            W = shards.local(w.param)
            if self.arm.where == "update":
                constraint.restore(W, w.anchor, w.Bs, w.target.side, w.reduce)
            if w.W0 is not None:
                w.energies["leak"] = constraint.energy(W - w.W0, w.Bs, w.target.side, w.reduce)
            elif self.arm.leak:  # of the merged weight, whole on every rank
                ranks = dist.get_world_size() if shards.spread(w.param) else 1
                w.energies["leak"] = lora.energy(shards.whole(w.param), shards.whole(w.far), w.B, w.target.side) / ranks
        self.seconds += _clock() - start


def _clock() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
