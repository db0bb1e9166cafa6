"""Freeze: the targets do not move at all. What a model scores whose constrained weights are dead.

    g <- none before the optimizer's step, so that neither momentum nor weight decay moves W

Embedding, norms and biases train on, as they do beside a constraint.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import nn

from projected_grpo.interventions.base import Intervention, Setup, Site
from projected_grpo.weights import shards, targets
from projected_grpo.weights.targets import PROJECTIONS


@dataclass
class Freeze(Intervention):
    """layers: band of depth, 0 to 1, of the targets. No projections: nothing is frozen."""

    sees: ClassVar = "nothing"
    changes: ClassVar = "weights"
    idle: ClassVar = {"projections": ()}
    excludes: ClassVar = ("constrain", "shrink")

    layers: tuple[float, float] = (0.0, 1.0)
    projections: tuple[str, ...] = PROJECTIONS

    params: list[nn.Parameter] = field(default_factory=list, init=False)
    norm: float = field(default=0.0, init=False)

    def check(self, setup: Setup) -> None:
        if self.projections:
            targets.check(setup.model_type, self.layers, self.projections)

    def attach(self, module: nn.Module, site: Site) -> None:
        if self.projections:
            model_type = site.setup.model_type
            self.params = targets.parameters(module, model_type, self.layers, self.projections)

    def before_step(self) -> None:
        """Drops the gradients: an optimizer passes over a weight without one."""
        sizes = []
        for param in self.params:
            if param.grad is not None:
                sizes.append(shards.local(param.grad).double().norm())
                param.grad = None
        self.norm = torch.stack(sizes).norm().item() if sizes else 0.0

    def measured(self) -> dict[str, float]:
        """touched: norm of the gradient that was dropped, of this rank's rows."""
        return {f"{self.mechanism}/touched": self.norm}
