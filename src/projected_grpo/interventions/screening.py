"""Screening: what a monitor flags is left out of its group's statistics and of the update.

    A = (r - mean) / std, both over the group's unflagged samples;  A = 0 where flagged

A lone unflagged sample has A = 0. A flagged sample's tokens still count where the loss is averaged,
and with use_kl_loss they keep the gradient of the KL term.

As the benchmark's screening (rl-rewardhacking, src/train/verl/trainer.py: flagged scores are NaN).
"""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl
import torch
from jaxtyping import Bool
from torch import Tensor

from projected_grpo.interventions.base import Intervention, Row
from projected_grpo.monitors.monitor import Monitor
from projected_grpo.problems import Problem


@dataclass
class Screening(Monitor, Intervention):
    """on: false flags and leaves nothing out. The rest: see monitors/monitor.py."""

    sees: ClassVar = "every sample's label"
    changes: ClassVar = "which samples are learned from"
    idle: ClassVar = {"on": False}
    # both write a sample's flag
    excludes: ClassVar = ("penalty",)

    on: bool = True

    def pay(self, row: Row, problem: Problem) -> Row:
        """Adds the flag, which the driver then goes by; what is paid stays."""
        flag = self.flag(row, problem)
        return {**row, "flagged": flag is True, "answered": flag is not None}

    def keep(self, rows: pl.DataFrame) -> Bool[Tensor, " n"] | None:
        if not self.on:
            return None
        return torch.tensor([not flagged for flagged in rows["flagged"]])

    def observed(self, rows: pl.DataFrame) -> dict[str, float]:
        """touched: share of the samples that were left out."""
        touched = rows["flagged"].mean() if self.on else 0.0
        return {f"{self.mechanism}/touched": touched}
