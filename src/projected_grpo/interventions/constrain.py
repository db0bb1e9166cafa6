"""Constrain: each targeted weight's movement keeps out of columns B on its residual side.

    where=gradient   g <- g - (g B) Bᵀ before the optimizer's step; Adam puts some of it back
    where=update     W <- W - (W B - W₀ B) Bᵀ after it; exact whatever the optimizer did
    where=measure    nothing moves otherwise; the same shares are logged

The maths: weights/constraint.py, docs/constraint.md. Columns: W's singular vectors beside v_hack
(columns=spectrum, chosen by `select`), or made beforehand by a recipe (columns=prepared).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from loguru import logger
from tabulate import tabulate
from torch import nn

from projected_grpo.cli import Refusal
from projected_grpo.directions import files, placebos
from projected_grpo.interventions.base import Intervention, Setup, Site
from projected_grpo.weights import diagnostics, spectra, targets
from projected_grpo.weights.basis import Extent, Select
from projected_grpo.weights.columns import Prepared, SingularVectors, Source
from projected_grpo.weights.enforcer import Enforcer, Where
from projected_grpo.weights.targets import PROJECTIONS

Direction = Literal["real", "shuffled", "clean_vs_clean", "haar"]


def drawn(v_hack: Path, v: Direction, seed: int) -> Path:
    """Where a direction or columns lie: v_hack itself, or a placebo's subfolder."""
    return v_hack if v == "real" else v_hack / placebos.subfolder(v, seed)


@dataclass
class Constrain(Intervention):
    """v, v_seed: which direction under v_hack, a placebo's draw. m: singular vectors or columns.

    layers: band of depth, 0 to 1. leak: log ‖(W - W₀)B‖/‖W - W₀‖; keeps a copy of the targets.
    """

    sees: ClassVar = "labelled rollouts, once"
    changes: ClassVar = "gradient or weights"
    idle: ClassVar = {"m": 0}

    where: Where
    columns: Literal["spectrum", "prepared"] = "spectrum"
    v: Direction = "real"
    v_seed: int = 0
    select: Select = "alignment"
    extent: Extent = "span"
    m: int = 32
    layers: tuple[float, float] = (0.6, 0.75)
    projections: tuple[str, ...] = PROJECTIONS
    leak: bool = True

    site: Site | None = field(default=None, init=False)
    hook: Enforcer | None = field(default=None, init=False)

    @property
    def origin(self) -> str:
        return f"v_hack, {self.v}" if self.columns == "spectrum" else f"columns, {self.v}"

    def check(self, setup: Setup) -> None:
        if self.where == "measure" and setup.v_hack is None:
            return
        if setup.v_hack is None:
            raise Refusal(
                "this arm needs v_hack=FOLDER: make one with `just extract` (or `just contrast`)"
            )
        if self.columns == "prepared" and (self.select, self.extent) != ("alignment", "span"):
            raise Refusal(
                "select and extent are of singular vectors: leave them out beside columns=prepared"
            )
        if setup.adapter_moved and self.where != "measure":
            raise Refusal(
                "an adapter that has moved cannot be constrained from there on: branch a run that "
                "trains whole weights (lora_rank=0), or constrain it from the model's start"
            )
        targets.check(setup.model_type, self.layers, self.projections)
        if not 0 <= self.m <= setup.d:
            raise Refusal(f"m={self.m} does not fit the residual side: choose 0 to {setup.d}")
        manifest = self.source(setup)
        if self.columns == "prepared":
            files.refuse_uncovered(manifest, self.layers, self.projections)

    def source(self, setup: Setup) -> dict | None:
        if setup.v_hack is None:
            return None
        folder = drawn(setup.v_hack, self.v, self.v_seed)
        if self.columns == "prepared":
            return files.read_columns(folder, setup.d, self.m).manifest
        return files.read_direction(folder, setup.d).manifest

    def _columns(self, setup: Setup) -> Source:
        folder = drawn(setup.v_hack, self.v, self.v_seed)
        if self.columns == "prepared":
            return Prepared(files.read_columns(folder, setup.d, self.m).columns, self.m)
        v = files.read_direction(folder, setup.d).v
        return SingularVectors(v, self.m, self.select, self.extent, self.v_seed, spectra.cached)

    def attach(self, module: nn.Module, site: Site) -> None:
        if site.setup.v_hack is None:
            return
        self.site = site
        columns = self._columns(site.setup)
        model_type = site.setup.model_type
        self.hook = Enforcer(
            module, model_type, columns, self.where, self.layers, self.projections, self.leak
        )
        table = diagnostics.table(self.hook)
        if site.rank == 0:
            table.write_parquet(site.run_dir / "basis.parquet")
            groups = table.group_by("projection", "side", "d", "r", maintain_order=True)
            means = groups.mean().drop("name", "layer", "norm")
            text = tabulate(means.rows(), means.columns, floatfmt=".3f")
            logger.info(f"constrain: {len(table)} weights\n{text}")
            if self.hook.constrains and (verdict := diagnostics.verdict(table)):
                logger.warning(verdict)

    def before_step(self) -> None:
        if self.hook:
            self.hook.before_step()

    def after_step(self) -> None:
        if self.hook:
            self.hook.after_step()

    def measured(self) -> dict[str, float]:
        if self.hook is None:
            return {}
        reading = diagnostics.read(self.hook)
        if self.site.rank == 0:
            folder = self.site.run_dir / "constraint"
            folder.mkdir(exist_ok=True)
            reading.weights.write_parquet(folder / f"{self.site.step():05d}.parquet")
        metrics = {f"constraint/{key}": value for key, value in reading.total.items()}
        metrics[f"{self.mechanism}/touched"] = reading.total.get("taken", 0.0)
        return metrics
