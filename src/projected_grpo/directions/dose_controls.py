"""Controls of equal cost: how wide they are where they take as much of a step as a real set does,
and what dose they have there.
"""

import math

import numpy as np
import polars as pl

from projected_grpo.directions.dose import NO_RANK

DOSES = ("hack", "skill")
# A half-space may take next to nothing, of which no multiple is a control.
LONGEST = 10


def equal_cost(doses: pl.DataFrame) -> pl.DataFrame:
    """A row a real set, kind of step and control, of the largest number of hacks.

    doses: of `dose_tables.doses`. flipped: the same recipe, between the ranks that were measured;
    a set without a rank is taken `times` its coordinates instead. haar: columns at any rank, whose
    dose and cost both go as the rank. Nothing stands where the control costs less than the set at
    every rank that was measured: give more of r=.
    """
    real = doses.filter(pl.col("labels").eq("real") & pl.col("hacks").eq(doses["hacks"].max()))
    lines = []
    for one in real.iter_rows(named=True):
        shown = {key: one[key] for key in ("step", "recipe", "r", "cost %", "hack", "skill")}
        own = doses.filter(step=one["step"], labels="flipped", recipe=one["recipe"])
        haar = doses.filter(step=one["step"], labels="haar")
        for name, found in (("flipped", flipped(own, one)), ("haar", straight(haar, one))):
            lines.append({**shown, "control": name, **found})
    table = pl.DataFrame(lines, infer_schema_length=None)
    return table.sort("step", "hack", "control", descending=[False, True, False])


def flipped(doses: pl.DataFrame, one: dict) -> dict[str, float | None]:
    """doses: of the recipe with flipped signs, one: the real set's."""
    cost = one["cost %"]
    if one["r"] == NO_RANK:
        # what is taken is lengthened: dose goes as the factor, cost as its square
        own = doses["cost %"].item()
        if own * LONGEST**2 < cost:
            return _line(None, None, None, None)
        times = math.sqrt(cost / own)
        return _line(None, times, *(times * doses[of].item() for of in DOSES))
    curve = doses.sort("r")
    # noise may turn the curve a little
    costs = np.maximum.accumulate([0, *curve["cost %"]])
    if cost > costs[-1]:
        return _line(None, None, None, None)
    r, *of = (float(np.interp(cost, costs, [0, *curve[y]])) for y in ("r", *DOSES))
    return _line(r, 1.0, *of)


def straight(doses: pl.DataFrame, one: dict) -> dict[str, float | None]:
    """Along the line through the widest."""
    widest = doses.sort("r").row(-1, named=True)
    part = one["cost %"] / widest["cost %"]
    return _line(part * widest["r"], 1.0, *(part * widest[of] for of in DOSES))


def _line(
    r: float | None, times: float | None, hack: float | None, skill: float | None
) -> dict[str, float | None]:
    return {"its r": r, "times": times, "its hack": hack, "its skill": skill}
