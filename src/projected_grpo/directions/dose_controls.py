"""Controls of equal cost: how wide they are where they take as much of a step as a real set does,
and what dose they have there.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from projected_grpo.cli import Refusal
from projected_grpo.directions.dose import NO_RANK

FILE = "equal-cost.csv"
SHOWN = ("step", "recipe", "r", "cost %", "hack", "skill")
# A placebo's name in this table.
NAMES = {"shuffled": "flipped", "haar": "haar"}

Control = dict[str, float | None]
NONE: Control = {"its r": None, "its hack": None, "its skill": None}


def equal_cost(doses: pl.DataFrame) -> pl.DataFrame:
    """A row a real set, kind of step and control, of the largest number of hacks.

    doses: of `dose_tables.doses`. flipped: the same recipe, between the ranks that were measured,
    no row of a set without a rank. haar: columns at any rank, whose dose and cost both go as the
    rank. Nothing stands where the control costs less than the set at every rank that was measured:
    give more of r=.
    """
    most = doses["hacks"].max()
    real = doses.filter(labels="real", hacks=most)
    lines = []
    for one in real.iter_rows(named=True):
        step = one["step"]
        own = doses.filter(step=step, labels="flipped", recipe=one["recipe"])
        haar = doses.filter(step=step, labels="haar")
        shown = {key: one[key] for key in SHOWN}
        if one["r"] != NO_RANK:
            lines.append(shown | {"control": "flipped"} | between_ranks(own, one["cost %"]))
        lines.append(shown | {"control": "haar"} | straight(haar, one))
    table = pl.DataFrame(lines, infer_schema_length=None)
    return table.sort("step", "hack", "control", descending=[False, True, False])


def between_ranks(doses: pl.DataFrame, cost: float) -> Control:
    """Along the curve through rank 0, which costs nothing, and the ranks that were measured."""
    curve = doses.sort("r")
    # noise may turn the curve a little
    costs = np.maximum.accumulate([0, *curve["cost %"]])
    if cost > costs[-1]:
        return NONE

    def at_cost(column: str) -> float:
        values = [0, *curve[column]]
        return float(np.interp(cost, costs, values))

    return {"its r": at_cost("r"), "its hack": at_cost("hack"), "its skill": at_cost("skill")}


def straight(doses: pl.DataFrame, one: dict) -> Control:
    """Along the line through the widest."""
    widest = doses.sort("r").row(-1, named=True)
    part = one["cost %"] / widest["cost %"]
    found: Control = {"its r": part * widest["r"]}
    found["its hack"] = part * widest["hack"]
    found["its skill"] = part * widest["skill"]
    return found


def widths(folder: Path, recipe: str, r: int, controls: Sequence[str]) -> dict[str, int]:
    """By placebo: directions at which it costs as much of a sign step, Adam's, as the recipe at r.

    folder: of `just dose`. Raises Refusal for what its table does not say.
    """
    file = folder / FILE
    if not file.is_file():
        raise Refusal(f"there is no {file}: make it with `just dose`, or give a whole number")
    own = pl.read_csv(file).filter(step="sign", recipe=recipe, r=r)
    found = {}
    for name in controls:
        row = own.filter(control=NAMES.get(name, name)).drop_nulls("its r")
        if row.is_empty():
            raise Refusal(
                f"{file} has no width of {name} for {recipe} r={r}: give `just dose` more ranks, "
                f"{r} among them, or leave it out of controls="
            )
        found[name] = max(1, round(row["its r"].item()))
    return found
