"""Hold: each targeted weight's movement keeps out of a set in the weight's own space.

    c = coordinates(W - W₀);  W <- W - lift(c)     after every step, whatever the optimizer did

The sets (`weights/sets.py`: cell, diagonal, matrix) are made beforehand by `just columns`. Those on
the residual side alone are `constrain`'s.

    bound=equal         nothing moves inside the set
    bound=half          only what raises P(hack), c > 0, is taken: sets of one direction a weight
    bound=half_jointly  the same with one condition for the whole model, Σ_W c_W ‖D_W‖ > 0
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from projected_grpo.cli import Refusal
from projected_grpo.directions import files, movement_files
from projected_grpo.interventions.base import Intervention, Setup, Site
from projected_grpo.interventions.constrain import Direction, drawn
from projected_grpo.weights import lora, shards, targets
from projected_grpo.weights.sets import Movements
from projected_grpo.weights.targets import PROJECTIONS


@dataclass
class Held:
    """One weight: param, the set on this rank's rows, its coordinates at the start, and ‖D‖."""

    param: nn.Parameter
    of: Movements
    start: Tensor
    norm: float


@dataclass
class Hold(Intervention):
    """v, v_seed: as constrain's. m: directions a weight, best first; a matrix is one."""

    sees: ClassVar = "labelled rollouts, once"
    changes: ClassVar = "weights"
    idle: ClassVar = {"m": 0}

    bound: Literal["equal", "half", "half_jointly"] = "equal"
    v: Direction = "real"
    v_seed: int = 0
    m: int = 64
    layers: tuple[float, float] = (0.0, 1.0)
    projections: tuple[str, ...] = PROJECTIONS

    held: list[Held] = field(default_factory=list, init=False)
    taken: float = field(default=0.0, init=False)

    @property
    def origin(self) -> str:
        return f"movements, {self.v}"

    def check(self, setup: Setup) -> None:
        if setup.v_hack is None:
            raise Refusal(f"this arm needs v_hack=FOLDER: {movement_files.REMEDY}")
        if self.m < 0:
            raise Refusal(f"hold: m={self.m}: expected a number of directions, 0 or more")
        targets.check(setup.model_type, self.layers, self.projections)
        manifest = self.source(setup)
        files.refuse_uncovered(manifest, self.layers, self.projections)
        form = manifest["form"]
        if self.bound != "equal" and form != "matrix":
            raise Refusal(f"hold: bound={self.bound} needs sets of form matrix, these are {form}")

    def source(self, setup: Setup) -> dict:
        return movement_files.manifest(self._folder(setup))

    def _folder(self, setup: Setup) -> Path:
        return drawn(setup.v_hack, self.v, self.v_seed)

    @torch.no_grad()
    def attach(self, module: nn.Module, site: Site) -> None:
        if self.m == 0:
            return
        sets = movement_files.read(self._folder(site.setup))
        params = {lora.base_name(name): p for name, p in module.named_parameters()}
        model_type = site.setup.model_type
        for target, param, far in targets.moving(params, model_type, self.layers, self.projections):
            if far is not None:
                raise Refusal("hold knows no adapters: train the whole weights")
            if target.name not in sets.of:
                raise Refusal(f"there are no movements for {target.name}: {movement_files.REMEDY}")
            of = sets.of[target.name]
            of = of.first(self.m).to(shards.local(param)).rows(shards.rows(param))
            start = self._coordinates(param, of)
            self.held.append(Held(param, of, start, sets.norms[target.name]))

    def _coordinates(self, param: nn.Parameter, of: Movements) -> Tensor:
        c = of.coordinates(shards.local(param))
        return shards.sum_over(param)(c) if of.summed else c

    @torch.no_grad()
    def after_step(self) -> None:
        moved = [self._coordinates(one.param, one.of) - one.start for one in self.held]
        energy = 0.0
        for one, c in zip(self.held, self._kept_out(moved), strict=True):
            shards.local(one.param).sub_(one.of.lift(c))
            energy += c.double().square().sum().item()
        self.taken = energy**0.5

    def _kept_out(self, moved: list[Tensor]) -> list[Tensor]:
        """The part of each weight's coordinates that is not to stay."""
        if self.bound == "equal":
            return moved
        if self.bound == "half":
            return [c.clamp_min(0) for c in moved]
        norms: Float[Tensor, " w"] = torch.tensor([one.norm for one in self.held]).to(moved[0])
        along = (torch.cat(moved) @ norms / norms.square().sum()).clamp_min(0)
        return list((along * norms)[:, None])

    def measured(self) -> dict[str, float]:
        """touched: the norm of what the last step's edit took."""
        return {f"{self.mechanism}/touched": self.taken}
