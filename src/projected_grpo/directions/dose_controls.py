"""Controls of equal cost: how wide they are where they take as much of a step as a real set does,
and what dose they have there.
"""

import math

import numpy as np
import polars as pl

from projected_grpo.directions.dose import NO_RANK

SHOWN = ("step", "recipe", "r", "cost %", "hack", "skill")
# A half-space may take next to nothing, of which no multiple is a control.
LONGEST = 10

Control = dict[str, float | None]
NONE: Control = {"its r": None, "times": None, "its hack": None, "its skill": None}


def equal_cost(doses: pl.DataFrame) -> pl.DataFrame:
    """A row a real set, kind of step and control, of the largest number of hacks.

    doses: of `dose_tables.doses`. flipped: the same recipe, between the ranks that were measured;
    a set without a rank is taken `times` its coordinates instead. haar: columns at any rank, whose
    dose and cost both go as the rank. Nothing stands where the control costs less than the set at
    every rank that was measured: give more of r=.
    """
    most = doses["hacks"].max()
    real = doses.filter(labels="real", hacks=most)
    lines = []
    for one in real.iter_rows(named=True):
        step = one["step"]
        own = doses.filter(step=step, labels="flipped", recipe=one["recipe"])
        haar = doses.filter(step=step, labels="haar")
        shown = {key: one[key] for key in SHOWN}
        lines.append(shown | {"control": "flipped"} | flipped(own, one))
        lines.append(shown | {"control": "haar"} | straight(haar, one))
    table = pl.DataFrame(lines, infer_schema_length=None)
    return table.sort("step", "hack", "control", descending=[False, True, False])


def flipped(doses: pl.DataFrame, one: dict) -> Control:
    """doses: of the recipe with flipped signs, one: the real set's."""
    cost = one["cost %"]
    if one["r"] == NO_RANK:
        return lengthened(doses, cost)
    return between_ranks(doses, cost)


def lengthened(doses: pl.DataFrame, cost: float) -> Control:
    """What is taken is lengthened: dose goes as the factor, cost as its square."""
    own_cost = doses["cost %"].item()
    if own_cost * LONGEST**2 < cost:
        return NONE
    times = math.sqrt(cost / own_cost)
    hack = times * doses["hack"].item()
    skill = times * doses["skill"].item()
    return {"its r": None, "times": times, "its hack": hack, "its skill": skill}


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

    found: Control = {"its r": at_cost("r")}
    found["times"] = 1.0
    found["its hack"] = at_cost("hack")
    found["its skill"] = at_cost("skill")
    return found


def straight(doses: pl.DataFrame, one: dict) -> Control:
    """Along the line through the widest."""
    widest = doses.sort("r").row(-1, named=True)
    part = one["cost %"] / widest["cost %"]
    found: Control = {"its r": part * widest["r"]}
    found["times"] = 1.0
    found["its hack"] = part * widest["hack"]
    found["its skill"] = part * widest["skill"]
    return found
