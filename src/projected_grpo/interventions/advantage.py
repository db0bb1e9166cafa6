"""Advantage Modification: samples whose activations look like a hack's learn less from their
reward.

    z = (s - group's mean of s) / max(group's std of s, 0.1),   s = mean of h · v over the response
    additive         A <- A - strength · z
    multiplicative   A <- A · exp(-strength · z · sign(A))

Wu and Tang 2026, arXiv:2604.01476. h is the residual stream at v_hack's layer and at the response's
own tokens: a prompt's tokens are the same for a whole group, so z would be 0 of them. The form of
the multiplicative rule is ours: it shrinks a hack-like success, deepens a hack-like failure, and
never turns a sign.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import polars as pl
import torch
from einops import einsum
from jaxtyping import Float, Int
from torch import Tensor, nn

from projected_grpo.cli import Refusal
from projected_grpo.directions import files
from projected_grpo.interventions.base import Intervention, Setup, Site
from projected_grpo.interventions.constrain import Direction, drawn
from projected_grpo.weights import targets

SCORE = "hack_score"


@dataclass
class Advantage(Intervention):
    """v, v_seed: which direction under v_hack, a placebo's draw. floor: least std of a group."""

    sees: ClassVar = "activations of every sample"
    changes: ClassVar = "advantage"
    idle: ClassVar = {"strength": 0.0}
    scores: ClassVar = (SCORE,)

    form: Literal["additive", "multiplicative"]
    strength: float = 1.0
    floor: float = 0.1
    v: Direction = "real"
    v_seed: int = 0

    direction: Tensor | None = field(default=None, init=False)
    stream: list[Tensor] = field(default_factory=list, init=False)
    touched: float = field(default=0.0, init=False)

    @property
    def origin(self) -> str:
        return f"v_hack, {self.v}"

    def check(self, setup: Setup) -> None:
        if setup.v_hack is None:
            raise Refusal("advantage needs v_hack=FOLDER: make one with `just extract`")
        self.source(setup)

    def source(self, setup: Setup) -> dict | None:
        return self._direction(setup).manifest

    def _direction(self, setup: Setup) -> files.VHack:
        return files.read_direction(drawn(setup.v_hack, self.v, self.v_seed), setup.d)

    def attach(self, module: nn.Module, site: Site) -> None:
        """Holds the residual stream at v's layer of the last forward pass without gradients."""
        v_hack = self._direction(site.setup)
        self.direction = v_hack.v

        def hold(_module, _inputs, output: Tensor) -> None:
            if not torch.is_grad_enabled():
                self.stream = [output]

        targets.block(module, v_hack.layer - 1).register_forward_hook(hold)

    def score(self, module: nn.Module, places: Int[Tensor, " t"]) -> dict[str, Float[Tensor, " t"]]:
        h = self.stream.pop()[0, places].float()
        return {SCORE: einsum(h, self.direction.to(h), "t d, d -> t")}

    def advantage(self, a: Float[Tensor, " n"], rows: pl.DataFrame) -> Float[Tensor, " n"]:
        z = within_groups(rows, self.floor)
        if self.form == "additive":
            changed = a - self.strength * z
        else:
            changed = a * torch.exp(-self.strength * z * a.sign())
        self.touched = (changed - a).abs().mean().item()
        return changed

    def observed(self, rows: pl.DataFrame) -> dict[str, float]:
        """touched: mean absolute change of an advantage."""
        return {f"{self.mechanism}/touched": self.touched}


def within_groups(rows: pl.DataFrame, floor: float) -> Float[Tensor, " n"]:
    """z of each sample's score within its group (uid); all in float32."""
    s, group = pl.col(SCORE), "uid"
    centred = s - s.mean().over(group)
    std = s.std(ddof=0).over(group)
    z = rows.select(centred / pl.max_horizontal(std, pl.lit(floor))).to_series()
    return torch.tensor(z.to_list(), dtype=torch.float32)
