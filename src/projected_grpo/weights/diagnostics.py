"""What an enforcer measured: shares over all targets, every weight's in a table, beside chance."""

from dataclasses import dataclass

import polars as pl
import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor

from projected_grpo.weights import basis, constraint
from projected_grpo.weights.columns import SingularVectors
from projected_grpo.weights.enforcer import Enforcer, Guarded

SHARES = {"pre": "cos_pre", "post": "cos_post", "leak": "leak"}


@dataclass(frozen=True)
class Reading:
    """total: over all targets, by name. weights: a row a target."""

    total: dict[str, float]
    weights: pl.DataFrame


def read(hook: Enforcer) -> Reading:
    """What a step measured, on every rank: reduces once and waits for the device once.

    cos_pre, cos_post: the gradient's share inside B before and after the edit (after it by one
    random combination of B's columns). leak: the same of the movement W - W₀ so far (under LoRA up
    to the adapter's scale). taken: norm of what the edit took out. chance: √(r/d), what a matrix
    that knows nothing of B has.
    """
    keys = list(hook.energies)
    energies = torch.stack([hook.energies[key] for key in keys], dim=1)  # [weights keys 2]
    if dist.is_initialized() and dist.get_world_size() > 1:
        dist.all_reduce(energies)
    by_key = dict(zip(keys, energies.cpu().unbind(1), strict=True))
    return Reading(_total(hook, by_key), _weights(hook, by_key))


def _total(hook: Enforcer, by_key: dict[str, Float[Tensor, "w 2"]]) -> dict[str, float]:
    sums = {key: energy.sum(0) for key, energy in by_key.items()}
    d, r = hook.guarded[0].B.shape
    total = {SHARES[key]: constraint.ratio(sums[key]).item() for key in SHARES if key in sums}
    total["chance"] = constraint.chance(d, r)
    total["grad_norm_pre"] = sums["pre"][1].sqrt().item()
    total["grad_norm_post"] = sums["post"][1].sqrt().item()
    taken = sums["pre"][0] - sums["post"][0] if hook.where == "gradient" else sums.get("taken")
    if taken is not None:
        inside = taken if taken.ndim == 0 else taken[0]
        total["taken"] = inside.clamp_min(0).sqrt().item()
    total["seconds"] = hook.clock.seconds()
    return total


def _weights(hook: Enforcer, by_key: dict[str, Float[Tensor, "w 2"]]) -> pl.DataFrame:
    columns = {
        "name": [w.target.name for w in hook.guarded],
        "layer": [w.target.layer for w in hook.guarded],
        "projection": [w.target.projection for w in hook.guarded],
        "side": [w.target.side for w in hook.guarded],
        "chance": [constraint.chance(*w.B.shape) for w in hook.guarded],
    }
    for key, name in SHARES.items():
        if key in by_key:
            columns[name] = [constraint.ratio(energy).item() for energy in by_key[key]]
    for key in ("pre", "post"):
        columns[f"grad_norm_{key}"] = by_key[key][:, 1].sqrt().tolist()
    if "leak" in by_key:
        columns["moved"] = by_key["leak"][:, 1].sqrt().tolist()
    return pl.DataFrame(columns)


SCHEMA = {
    "name": pl.String,
    "layer": pl.Int64,
    "projection": pl.String,
    "side": pl.String,
    "norm": pl.String,
    "d": pl.Int64,
    "other": pl.Int64,
    "r": pl.Int64,
    "cos_alpha": pl.Float64,
    "chance": pl.Float64,
    "chance_p95": pl.Float64,
}


def table(hook: Enforcer) -> pl.DataFrame:
    """One row a target: what it is, and cos α of v beside random directions'.

    chance, chance_p95: mean and 95th percentile of random directions. All three are null where no v
    chose the columns.
    """
    rows = [_row(hook, w) for w in hook.guarded]
    return pl.DataFrame(rows, schema=SCHEMA)


def _row(hook: Enforcer, w: Guarded) -> dict:
    d, r = w.B.shape
    norm = w.target.norm and w.target.norm.removesuffix(".weight").rsplit(".", 1)[-1]
    row = {
        "name": w.target.name,
        "layer": w.target.layer,
        "projection": w.target.projection,
        "side": w.target.side,
        "norm": norm,
        "d": d,
        "other": w.shape[0] * w.shape[1] // d,
        "r": r,
    }
    if isinstance(hook.source, SingularVectors):
        rank = min(w.shape)
        mean, p95 = basis.chance_cos(d, rank, hook.source.m, hook.source.select)
        row |= {"cos_alpha": basis.cos_alpha(w.B, w.v), "chance": mean, "chance_p95": p95}
    return row


def verdict(weights: pl.DataFrame) -> str | None:
    """What a run must open with where most columns hold no more of v than of a random direction."""
    known = weights.drop_nulls("cos_alpha")
    if known.is_empty() or (known["cos_alpha"] <= known["chance_p95"]).mean() <= 0.5:
        return None
    mean, chance = known["cos_alpha"].mean(), known["chance"].mean()
    return (
        f"cos α is at chance ({mean:.3f}, random directions {chance:.3f}): W's singular subspaces "
        "do not know this v, and the arm is in expectation its own random control: with respect to "
        f"v a no-op beyond a random subspace of rank {known['r'][0]}"
    )
