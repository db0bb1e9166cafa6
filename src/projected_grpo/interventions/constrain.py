"""An arm on a whole model: builds B for every target once, then edits gradients before the optimizer's step, or weights after it.

Knows torch modules (plain, FSDP2-sharded on dim 0, with or without LoRA), not verl. The order inside a step is
`before_step` (after accumulation, before clipping) -> clip, optimizer -> `after_step` -> `diagnostics.read`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from zlib import crc32

import torch
from jaxtyping import Float
from torch import Tensor, nn

from projected_grpo.cli import Refusal
from projected_grpo.interventions.arms import Arm
from projected_grpo.weights import basis, constraint, lora, shards, spectra, targets
from projected_grpo.weights.spectra import Spectrum
from projected_grpo.weights.targets import Target


@dataclass
class Guarded:
    """One target with its columns. param: what moves, W or LoRA's factor on the residual side (far: the other factor). Bs: the rows of B that match
    this rank's rows of param (writes), else B itself. probe: Bs s with s random signs; the mean of ‖g Bs s‖² over s is ‖g Bs‖². ranks: on how many the sum
    that `reduce` makes then stands. anchor: what stays (update). W0: param at the start (leak). seen [d]: v in the weight's frame."""

    target: Target
    shape: tuple[int, int]
    param: nn.Parameter
    far: nn.Parameter | None
    B: Float[Tensor, "d r"]
    Bs: Float[Tensor, "_ r"]
    probe: Float[Tensor, "_ 1"]
    reduce: constraint.Reduce
    ranks: int
    seen: Float[Tensor, " d"] | None
    anchor: Float[Tensor, "_ _"] | None = None
    W0: Float[Tensor, "_ _"] | None = None


class Enforcer:
    """targets x arm -> guarded weights. v [d]: unit direction in the residual stream, real or a control; None where columns come with the arm
    (`read_columns`: weight's name -> B [d _], best first). spectrum: W's singular vectors, from spectra.cached where the disk may keep them."""

    def __init__(
        self,
        module: nn.Module,
        model_type: str,
        arm: Arm,
        v: Float[Tensor, " d"] | None,
        spectrum: Callable[..., Spectrum] = spectra.singular,
        columns: Mapping[str, Tensor] | None = None,
    ):
        if arm.constrains and torch.get_float32_matmul_precision() != "highest":
            raise Refusal(
                "the constraint needs fp32 products: leave torch.set_float32_matmul_precision at highest"
            )
        self.arm, self.spectrum, self.columns = arm, spectrum, columns
        self.energies: dict[str, Float[Tensor, "w 2"]] = {}  # pre, post, leak of every weight
        self.marks: list = []
        params = {lora.plain(name): p for name, p in module.named_parameters()}
        chosen = targets.select(params, model_type, arm.layers, arm.kinds)
        adapted = any(".lora_" in name for name in params)
        pairs = {t.name: lora.factors(params, t.name, t.side) if adapted else None for t in chosen}
        moving = [
            t for t in chosen if not adapted or pairs[t.name]
        ]  # under LoRA a weight without factors is frozen
        if not moving:
            raise Refusal(
                "no adapter stands on a constrained weight: widen model.target_modules, arm.kinds or arm.layers"
            )
        self.guarded = [
            self._guard(params, target, model_type, v, pairs[target.name]) for target in moving
        ]
        self.ranks = torch.tensor(
            [float(w.ranks) for w in self.guarded],
            dtype=torch.float64,
            device=self.guarded[0].B.device,
        )

    @torch.no_grad()
    def _guard(
        self,
        params: dict,
        target: Target,
        model_type: str,
        v: Tensor | None,
        pair: tuple[Tensor, Tensor] | None,
    ) -> Guarded:
        arm, side, W = self.arm, target.side, shards.whole(params[target.name])
        param, far = pair or (params[target.name], None)
        if v is not None:
            v = v.to(W.device).float()
            if target.norm:
                v = basis.fold(
                    v, targets.gamma(shards.whole(params[target.norm]).to(v), model_type)
                )
        B = self._columns(W, target, v)
        basis.assert_orthonormal(B)
        rows, reduce, ranks = slice(None), constraint.identity, 1
        if side == "writes":
            rows, reduce, ranks = shards.rows(param), shards.sum_over(param), shards.ranks(param)
        if arm.constrains and param.dtype not in (torch.float32, torch.float64):
            raise Refusal(
                f"{target.name} is held in {param.dtype}, too coarse to stay on its anchor: set actor_rollout_ref.actor.fsdp_config.model_dtype=fp32"
            )
        signs = (
            torch.randint(2, (B.shape[1], 1), generator=torch.Generator().manual_seed(0)).to(B) * 2
            - 1
        )
        w = Guarded(
            target, tuple(W.shape), param, far, B, B[rows], B[rows] @ signs, reduce, ranks, v
        )
        here = shards.local(param)
        if pair and arm.constrains:
            if (
                constraint.ratio(lora.energy(shards.whole(param), shards.whole(far), B, side))
                > 1e-4
            ):
                raise Refusal(
                    f"the adapter that was loaded moves {target.name} along the columns: merge it into the model, or start a fresh one"
                )
            w.anchor = torch.zeros_like(constraint.anchor(here, w.Bs, side))
            constraint.restore(
                here, w.anchor, w.Bs, side, reduce
            )  # far is zero or param had no part inside B: W does not change
        elif arm.where == "update":
            w.anchor = constraint.anchor(here, w.Bs, side, reduce)
        if arm.leak and not pair:
            w.W0 = here.clone()
        return w

    def _columns(self, W: Tensor, target: Target, v: Tensor | None) -> Float[Tensor, "d r"]:
        arm = self.arm
        if arm.select == "contrast":
            if target.name not in self.columns:
                raise Refusal(
                    f"there are no contrast columns for {target.name}: make them with these layers= and kinds="
                )
            return self.columns[target.name][:, : arm.m].to(W.device).contiguous()
        seed = crc32(f"{arm.v_seed}|{target.name}".encode())
        return basis.build(
            W, v, target.side, arm.m, arm.select, arm.recipe, seed, self.spectrum(W, target.side)
        )

    @torch.no_grad()
    def before_step(self) -> None:
        """Logs every gradient's share inside B; takes it out if the arm acts on gradients."""
        self.marks = [_mark()]
        grads = [shards.local(w.param.grad) for w in self.guarded]
        with _products(
            "highest" if self.arm.where == "gradient" else "high"
        ):  # TF32 is enough where the coordinates are only measured
            cs = [
                constraint.anchor(g, w.Bs, w.target.side, w.reduce)
                for g, w in zip(grads, self.guarded, strict=True)
            ]
        self.energies["pre"] = self.energies["post"] = before = constraint.energies(
            cs, constraint.norms(grads), self.ranks
        )
        if self.arm.where == "gradient":
            left = []
            for g, c, w in zip(grads, cs, self.guarded, strict=True):
                constraint.remove_(g, c, w.Bs, w.target.side)
                left.append(
                    constraint.anchor(g, w.probe, w.target.side, w.reduce)
                )  # a pass over g, where all of B would be another product
            inside = constraint.energies(left, constraint.norms(left), self.ranks)[:, 0]
            self.energies["post"] = torch.stack(
                [inside, before[:, 1] - before[:, 0]], dim=1
            )  # what was taken is at a right angle to what stays
        self.marks.append(_mark())

    @torch.no_grad()
    def after_step(self) -> None:
        """Puts the weights back onto W B = W₀ B if the arm acts on updates; logs the cumulative leak."""
        self.marks.append(_mark())
        if self.arm.where == "update":
            for w in self.guarded:
                constraint.restore(shards.local(w.param), w.anchor, w.Bs, w.target.side, w.reduce)
        if self.arm.leak:
            self.energies["leak"] = self._leak()
        self.marks.append(_mark())

    def _leak(self) -> Float[Tensor, "w 2"]:
        if self.guarded[0].far is not None:  # of the merged weights, whole on every rank
            return torch.stack(
                [
                    lora.energy(shards.whole(w.param), shards.whole(w.far), w.B, w.target.side)
                    / shards.ranks(w.param)
                    for w in self.guarded
                ]
            )
        cs, sizes = [], []
        for w in self.guarded:
            moved = (
                shards.local(w.param) - w.W0
            )  # one at a time: all of them would be another copy of the targets
            cs.append(constraint.anchor(moved, w.Bs, w.target.side, w.reduce))
            sizes += constraint.norms([moved])
        return constraint.energies(cs, sizes, self.ranks)

    @property
    def seconds(self) -> float:
        """The last step's, on the device; waits for it."""
        before, before_end, after, after_end = self.marks
        return _between(before, before_end) + _between(after, after_end)


@contextmanager
def _products(precision: str) -> Iterator[None]:
    """fp32 matrix products at this precision inside."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    yield
    torch.set_float32_matmul_precision(before)


def _mark() -> torch.cuda.Event | float:
    """A point in time, on the device where there is one: nothing waits for it."""
    if not torch.cuda.is_available():
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _between(start: torch.cuda.Event | float, end: torch.cuda.Event | float) -> float:
    if isinstance(start, float):
        return end - start
    end.synchronize()
    return start.elapsed_time(end) / 1e3
