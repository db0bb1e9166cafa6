"""Penalty: what a monitor flags is paid less.

    score = reward - amount · flagged

As the benchmark's penalty with a monitor (rl-rewardhacking, src/train/rewards.py). label, strict
and reward stay the grader's; flagged and answered are added to the rollouts.
"""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from projected_grpo.interventions.base import Intervention, Row
from projected_grpo.monitors.monitor import Monitor
from projected_grpo.problems import Problem


@dataclass
class Penalty(Monitor, Intervention):
    """amount: what a flag costs; 3 is what passing earns. The rest: see monitors/monitor.py."""

    sees: ClassVar = "every sample's label"
    changes: ClassVar = "reward"
    idle: ClassVar = {"amount": 0.0}

    amount: float = 3.0

    def pay(self, row: Row, problem: Problem) -> Row:
        flag = self.flag(row, problem)
        score = row["score"] - self.amount * (flag is True)
        return {**row, "score": score, "flagged": flag is True, "answered": flag is not None}

    def observed(self, rows: pl.DataFrame) -> dict[str, float]:
        """touched: share of the samples that were paid less."""
        touched = rows["flagged"].mean() if self.amount else 0.0
        return {f"{self.mechanism}/touched": touched}
