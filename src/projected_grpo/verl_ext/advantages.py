"""A step's advantages: verl's within groups of what an arm keeps, then as its mechanisms have them.

    A = (r - mean of the group's kept r) / (their std + 1e-6);  A = 0 of what is not kept

A group of which one sample is kept compares it with nothing: its A is 0 (verl's would be r).
"""

import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor
from verl.trainer.ppo.core_algos import compute_grpo_outcome_advantage

from projected_grpo.interventions.chain import Chain


def of_step(interventions: Chain, rows: pl.DataFrame, by_std: bool) -> Float[Tensor, " n"]:
    """Of every sample, in order; all 0 where none is kept.

    rows: uid, score, labels, and the actor's scores. by_std: algorithm.norm_adv_by_std_in_grpo.
    """
    kept = interventions.keep(rows)
    advantages = torch.zeros(len(rows))
    if kept.any():
        part = rows.filter(kept.numpy())
        advantages[kept] = interventions.advantage(within_groups(part, by_std), part)
    return advantages


def within_groups(rows: pl.DataFrame, by_std: bool) -> Float[Tensor, " n"]:
    """verl's, and 0 of a sample that is alone."""
    scores = rows["score"].to_torch().float()[:, None]
    a, _ = compute_grpo_outcome_advantage(
        scores, torch.ones_like(scores), rows["uid"].to_numpy(), norm_adv_by_std_in_grpo=by_std
    )
    alone = rows.select(pl.len().over("uid") == 1).to_series()
    return a[:, 0].masked_fill(alone.to_torch(), 0.0)
