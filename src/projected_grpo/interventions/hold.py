"""Hold: each targeted weight's movement keeps out of a set in the weight's own space.

    c = coordinates(W - W₀);  W <- W - lift(c)     after every step, whatever the optimizer did

The sets (`weights/sets.py`) are made beforehand by `just columns`; those on the residual side alone
are `constrain`'s as well, which holds no others.

    bound=equal         nothing moves inside the set
    bound=half          only what raises P(hack), c > 0, is taken: sets of one direction a weight
    bound=half_jointly  the same with one condition for the whole model, Σ_W c_W ‖D_W‖ > 0

Kept fresh (`refresh`), the set changes between steps and W₀ with it, to the weights of that moment:
what was taken before is neither given back nor taken again. From then on the old set is free but
where the new one overlaps it. A half-space begins anew at its border: what training has lowered
P(hack) by before cannot be won back for free.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from projected_grpo.cli import Refusal
from projected_grpo.directions import files, movement_files
from projected_grpo.interventions.base import Intervention, Setup, Site
from projected_grpo.interventions.constrain import Direction, drawn
from projected_grpo.interventions.dose_in_force import DoseInForce, held_out
from projected_grpo.interventions.refresh import Fresh, Refresh
from projected_grpo.weights import lora, shards, targets
from projected_grpo.weights.clock import Clock
from projected_grpo.weights.sets import Movements
from projected_grpo.weights.targets import PROJECTIONS, Target


@dataclass
class Held:
    """One weight: the set on this rank's rows, its coordinates at W₀, and ‖D‖."""

    target: Target
    param: nn.Parameter
    of: Movements
    start: Tensor
    norm: float


@dataclass
class Hold(Intervention):
    """v, v_seed: as constrain's. m: directions a weight, best first, None for all there are."""

    sees: ClassVar = "labelled rollouts, once or again"
    changes: ClassVar = "weights"
    idle: ClassVar = {"m": 0, "refresh": {}}

    bound: Literal["equal", "half", "half_jointly"] = "equal"
    v: Direction = "real"
    v_seed: int = 0
    m: int | None = None
    layers: tuple[float, float] = (0.0, 1.0)
    projections: tuple[str, ...] = PROJECTIONS
    refresh: Refresh = field(default_factory=Refresh)

    held: list[Held] = field(default_factory=list, init=False)
    fresh: Fresh | None = field(default=None, init=False)
    dose: DoseInForce | None = field(default=None, init=False)
    step: int = field(default=0, init=False)
    metrics: dict[str, float] = field(default_factory=dict, init=False)
    clock: Clock = field(default_factory=Clock, init=False)

    @property
    def origin(self) -> str:
        return f"movements, {self.v}"

    def check(self, setup: Setup) -> None:
        if setup.adapter:
            raise Refusal(
                "hold knows no adapters: train whole weights (actor_rollout_ref.model.lora_rank=0)"
            )
        if setup.v_hack is None:
            raise Refusal(f"this arm needs v_hack=FOLDER: {movement_files.REMEDY}")
        if self.m is not None and self.m < 0:
            raise Refusal(f"hold: m={self.m}: expected a number of directions, 0 or more")
        targets.check(setup.model_type, self.layers, self.projections)
        manifest = self.source(setup)
        files.refuse_uncovered(manifest, self.layers, self.projections)
        form = manifest["form"]
        if self.bound != "equal" and form != "matrix":
            raise Refusal(f"hold: bound={self.bound} needs sets of form matrix, these are {form}")
        if self.m is not None and form != "matrix" and self.m > int(manifest["r"]):
            made = "r" if self.v == "real" else "r_controls"
            raise Refusal(
                f"hold: m={self.m} does not fit: {self._folder(setup)} holds {manifest['r']} "
                f"directions a weight; take fewer, or make more with `just columns {made}={self.m}`"
            )
        if self.refresh.moving or self.refresh.measure:
            if self.m == 0:
                raise Refusal("hold: m=0 holds nothing: leave refresh.from=static, measure=0")
            self.refresh.check(self._folder(setup), manifest)

    def source(self, setup: Setup) -> dict:
        return movement_files.manifest(self._folder(setup))

    def _folder(self, setup: Setup) -> Path:
        return drawn(setup.v_hack, self.v, self.v_seed)

    @torch.no_grad()
    def attach(self, module: nn.Module, site: Site) -> None:
        if self.m == 0:
            return
        folder, model_type = self._folder(site.setup), site.setup.model_type
        params = {lora.base_name(name): p for name, p in module.named_parameters()}
        moving = targets.moving(params, model_type, self.layers, self.projections)
        sets = movement_files.read(folder, {target.name: target.side for target, _, _ in moving})
        for target, param, far in moving:
            assert far is None, "check refuses adapters"
            if target.name not in sets.of:
                raise Refusal(f"there are no movements for {target.name}: {movement_files.REMEDY}")
            self.held.append(
                self.from_here(
                    target, param, sets.of[target.name], sets.norms.get(target.name, 0.0)
                )
            )
        if self.refresh.moving:
            own = {one.target.name: one.param for one in self.held}
            self.fresh = Fresh(self.refresh, module, site, own, folder, sets.manifest)
        if self.refresh.measure:
            pairs = held_out(site.model, folder, sets.manifest)
            self.dose = DoseInForce(self.refresh.measure, module, site, pairs)

    def from_here(self, target: Target, param: nn.Parameter, of: Movements, norm: float) -> Held:
        """The set of a whole weight, held from where the weight is now."""
        if self.m is not None:
            of = of.first(self.m)
        of = of.to(shards.local(param)).rows(shards.rows(param))
        return Held(target, param, of, self._coordinates(param, of), norm)

    def _coordinates(self, param: nn.Parameter, of: Movements) -> Tensor:
        c = of.coordinates(shards.local(param))
        return shards.sum_over(param)(c) if of.summed else c

    def before_step(self) -> None:
        self.metrics = {}
        if not self.fresh and not self.dose:
            return
        self.clock.start()
        if self.fresh and self.fresh.due(self.step) and self.fresh.update(self.step):
            self.metrics |= {"overlap": self._renew(), "rho": self.fresh.rho()}
        if self.dose:
            self.dose.before_step()
        self.clock.stop()

    @torch.no_grad()
    def _renew(self) -> float:
        """Every set from the averages, held from here on; their mean overlap with those before."""
        overlaps = []
        for i, old in enumerate(self.held):
            new = self.from_here(old.target, old.param, *self.fresh.fitted(old.target))
            overlaps.append(old.of.overlap(new.of, shards.sum_over(old.param)))
            self.held[i] = new
        return sum(overlaps) / len(overlaps)

    @torch.no_grad()
    def after_step(self) -> None:
        if self.dose:
            self.dose.moved()
        moved = [self._coordinates(one.param, one.of) - one.start for one in self.held]
        energy = 0.0
        for one, c in zip(self.held, self._kept_out(moved), strict=True):
            T = one.of.lift(c)
            if self.dose:
                self.dose.take(one.target.name, T)
            shards.local(one.param).sub_(T)
            energy += c.double().square().sum().item()
        if self.dose:
            self.metrics |= self.dose.measured()
        self.metrics["touched"] = energy**0.5
        self.step += 1

    def _kept_out(self, moved: list[Tensor]) -> list[Tensor]:
        """The part of each weight's coordinates that is not to stay."""
        if self.bound == "equal":
            return moved
        if self.bound == "half":
            return [c.clamp_min(0) for c in moved]
        norms: Float[Tensor, " w"] = torch.tensor([one.norm for one in self.held]).to(moved[0])
        along = (torch.cat(moved) @ norms / norms.square().sum()).clamp_min(0)
        return list((along * norms)[:, None])

    def end_of_step(self, step: int, rows) -> None:
        if self.fresh:
            self.fresh.see(rows)
        if self.dose:
            self.dose.see(step, rows)

    def state(self) -> dict[str, Any]:
        """W₀ of a set that was fitted anew is nowhere else."""
        state: dict[str, Any] = {"step": self.step}
        if self.fresh:
            state |= {"fresh": self.fresh.state(), "starts": [one.start for one in self.held]}
        if self.dose:
            state["measured"] = self.dose.order.place
        return state

    @torch.no_grad()
    def load_state(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        if self.fresh:
            self.fresh.load_state(state["fresh"])
            if self.fresh.averages["hack"].n:
                self._renew()
            for one, start in zip(self.held, state["starts"], strict=True):
                one.start = start
        if self.dose:
            self.dose.order.place = state["measured"]

    def measured(self) -> dict[str, float]:
        """touched: the norm of what the last step's edit took. refresh_s: what else it cost."""
        found = {"touched": 0.0, **self.metrics}
        if self.fresh or self.dose:
            found["refresh_s"] = self.clock.seconds()
        return {f"{self.mechanism}/{name}": value for name, value in found.items()}
