"""What an enforced arm says about itself: shares over all targets in the log, every weight's in a parquet, each beside its chance level."""

import polars as pl
import torch
import torch.distributed as dist

from projected_grpo.interventions.arms import Arm
from projected_grpo.interventions.constrain import Enforcer
from projected_grpo.weights import basis, constraint


def read(hook: Enforcer) -> tuple[dict[str, float], pl.DataFrame]:
    """After a step, on every rank (it reduces once and waits for the device once): (aggregate, one row a weight).

    cos_pre, cos_post: a gradient's share inside B before and after the hook (after a projection by one random combination of B's columns); leak: of the cumulative movement W - W₀; chance: √(r/d), what a matrix that
    knows nothing of B has; norms of the gradient and of the movement (under LoRA up to the adapter's scale)."""
    keys = list(hook.energies)
    energies = torch.stack([hook.energies[key] for key in keys], dim=1)  # [weights keys 2]
    if dist.is_initialized() and dist.get_world_size() > 1:
        dist.all_reduce(energies)
    by_key = dict(zip(keys, energies.cpu().unbind(1), strict=True))
    total = {key: e.sum(0) for key, e in by_key.items()}
    name = {"pre": "cos_pre", "post": "cos_post", "leak": "leak"}
    d, r = hook.guarded[0].B.shape
    told = {f"constraint/{name[key]}": constraint.ratio(e).item() for key, e in total.items()} | {
        "constraint/chance": constraint.chance(d, r),
        "constraint/grad_norm_pre": total["pre"][1].sqrt().item(),
        "constraint/grad_norm_post": total["post"][1].sqrt().item(),
        "constraint/seconds": hook.seconds,
    }
    rows = pl.DataFrame(
        {
            "name": [w.target.name for w in hook.guarded],
            "layer": [w.target.layer for w in hook.guarded],
            "kind": [w.target.kind for w in hook.guarded],
            "side": [w.target.side for w in hook.guarded],
            **{name[key]: [constraint.ratio(x).item() for x in e] for key, e in by_key.items()},
            "chance": [constraint.chance(*w.B.shape) for w in hook.guarded],
            **{f"grad_norm_{key}": by_key[key][:, 1].sqrt().tolist() for key in ("pre", "post")},
            **({"moved": by_key["leak"][:, 1].sqrt().tolist()} if "leak" in by_key else {}),
        }
    )
    return told, rows


def table(hook: Enforcer) -> pl.DataFrame:
    """One row a target: what it is, and cos α of v beside the mean and 95th percentile of random directions (null where no v chose the columns)."""
    rows = []
    for w in hook.guarded:
        t, (d, r), arm = w.target, w.B.shape, hook.arm
        cos, chance = None, (None, None)
        if w.seen is not None and arm.select != "contrast":
            cos, chance = (
                basis.cos_alpha(w.B, w.seen),
                basis.chance_cos(d, min(w.shape), arm.m, arm.select),
            )
        norm = t.norm and t.norm.removesuffix(".weight").rsplit(".", 1)[-1]
        rows.append(
            (
                t.name,
                t.layer,
                t.kind,
                t.side,
                norm,
                d,
                w.shape[0] * w.shape[1] // d,
                r,
                cos,
                *chance,
            )
        )
    schema = {
        "name": pl.String,
        "layer": pl.Int64,
        "kind": pl.String,
        "side": pl.String,
        "norm": pl.String,
        "d": pl.Int64,
        "other": pl.Int64,
        "r": pl.Int64,
    }
    return pl.DataFrame(
        rows,
        schema=schema | dict.fromkeys(("cos_alpha", "chance", "chance_p95"), pl.Float64),
        orient="row",
    )


def verdict(found: pl.DataFrame, arm: Arm) -> str | None:
    """The sentence that a run must open with where most weights' columns hold no more of v than of a random direction."""
    known = found.drop_nulls("cos_alpha")
    if known.is_empty() or (known["cos_alpha"] <= known["chance_p95"]).mean() <= 0.5:
        return None
    mean, chance = known["cos_alpha"].mean(), known["chance"].mean()
    return (
        f"cos α is at chance ({mean:.3f}, random directions {chance:.3f}): W's singular subspaces do not know this v, and arm {arm.name} is in "
        f"expectation its own random control: with respect to v a no-op beyond a random subspace of rank {known['r'][0]}"
    )
