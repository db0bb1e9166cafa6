"""Shrink: a share of each targeted weight's update is taken at random. The control of equal cost.

    Δ = W after the optimizer's step - W before it;  W <- W - Δ ⊙ mask, each entry 1 with `share`

A constraint takes some share of the update's energy; this takes as much without knowing a
direction, so that an arm which does no better has only trained less. E[‖Δ ⊙ mask‖²] = share ‖Δ‖².
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar
from zlib import crc32

import torch
from torch import Tensor, nn

from projected_grpo.cli import Refusal
from projected_grpo.interventions.base import Intervention, Setup, Site
from projected_grpo.weights import shards, targets
from projected_grpo.weights.targets import PROJECTIONS


@dataclass
class Shrink(Intervention):
    """share: of the update's energy, 0 to 1. Holds one copy of the targets."""

    sees: ClassVar = "nothing"
    changes: ClassVar = "weights"
    idle: ClassVar = {"share": 0.0}
    excludes: ClassVar = ("constrain",)

    share: float
    seed: int = 0
    layers: tuple[float, float] = (0.0, 1.0)
    projections: tuple[str, ...] = PROJECTIONS

    params: list[nn.Parameter] = field(default_factory=list, init=False)
    before: list[Tensor] = field(default_factory=list, init=False)
    rank: int = field(default=0, init=False)
    step: int = field(default=0, init=False)
    taken: float = field(default=0.0, init=False)

    def check(self, setup: Setup) -> None:
        if not 0 <= self.share <= 1:
            raise Refusal(f"shrink: share={self.share:g}: expected a share from 0 to 1")
        targets.check(setup.model_type, self.layers, self.projections)

    def attach(self, module: nn.Module, site: Site) -> None:
        model_type = site.setup.model_type
        self.params = targets.parameters(module, model_type, self.layers, self.projections)
        self.rank = site.rank

    def before_step(self) -> None:
        self.before = [shards.local(p).detach().clone() for p in self.params]

    @torch.no_grad()
    def after_step(self) -> None:
        energy, whole = 0.0, 0.0
        for i, (param, start) in enumerate(zip(self.params, self.before, strict=True)):
            W = shards.local(param)
            # every step, weight and rank draws its own mask
            seed = crc32(f"{self.seed}|{self.step}|{i}|{self.rank}".encode())
            generator = torch.Generator(W.device).manual_seed(seed)
            mask = torch.rand(W.shape, generator=generator, device=W.device) < self.share
            Δ = (W - start) * mask
            energy += Δ.double().square().sum().item()
            whole += (W - start).double().square().sum().item()
            W.copy_(torch.where(mask, start, W))
        self.taken = energy / whole if whole else 0.0
        self.before, self.step = [], self.step + 1

    def state(self) -> dict[str, Any]:
        return {"step": self.step}

    def load_state(self, state: dict[str, Any]) -> None:
        self.step = state["step"]

    def measured(self) -> dict[str, float]:
        """touched: the share of the update's energy that was taken, of this rank's rows."""
        return {f"{self.mechanism}/touched": self.taken}
