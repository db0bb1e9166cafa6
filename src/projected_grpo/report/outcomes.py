"""What the arms did, by runs: an arm's outcomes, and its difference to another with a test."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from projected_grpo.report import roles, wordings
from projected_grpo.report.compare import RUN, Comparison
from projected_grpo.stats import outcomes, survival
from projected_grpo.stats.margin import verdict
from projected_grpo.stats.permutation import Block, Effect, compare
from projected_grpo.stats.several import holm

MEASURES = ("U", "solve")
# Of solving, the preregistration's (docs/spec.md).
SOLVE_MARGIN = 0.10


@dataclass(frozen=True)
class Contrast:
    """An arm's runs against another's, which is the reference or what the arm is controlled by.

    effects: of MEASURES, over the groups that have both arms; solve only where runs are evaluated.
    adjusted: the p values, by Holm over the arms that are tested against the same.
    solves: the other's mean solve rate, None where either was not evaluated.
    solving: `margin.verdict` within SOLVE_MARGIN, None where there is none.
    """

    arm: str
    other: str
    effects: dict[str, Effect]
    adjusted: dict[str, float]
    solves: float | None
    solving: str | None


@cache
def by_run(comparison: Comparison) -> pl.DataFrame:
    """A row a run: RUN, what `outcomes.by_run` has, and solve, null where it was not evaluated.

    Of runs of a group those steps count that all of them have, before a constraint is lifted.
    """
    shared = pl.col("step").max().over(RUN).min().over("group")
    steps = comparison.train.filter(pl.col("step") <= shared)
    if comparison.held is not None:
        steps = steps.filter(pl.col("step") <= comparison.held)
    solved = comparison.evals.filter(loophole=wordings.CLEAN)
    solve = solved.group_by(RUN).agg(solve=pl.col("gt_pass").mean())
    return outcomes.by_run(steps, RUN).join(solve, on=RUN, how="left")


@cache
def contrasts(comparison: Comparison) -> list[Contrast]:
    """Every arm against the reference, then treatments against their controls."""
    runs = by_run(comparison)
    reference = comparison.reference
    to_reference = []
    to_control = []
    for arm in comparison.arms:
        if reference not in (None, arm):
            to_reference.append((arm, reference))
        for control in roles.controls(comparison.definitions, arm):
            to_control.append((arm, control))
    return _family(runs, to_reference) + _family(runs, to_control)


@cache
def arms_by_effect(comparison: Comparison) -> list[str]:
    """As Comparison.arms, but the treatment that lowers U most comes first.

    Against the reference; a treatment that was not compared with it comes last.
    """
    effects = {}
    for contrast in contrasts(comparison):
        if contrast.other == comparison.reference:
            effects[contrast.arm] = contrast.effects["U"].mean
    treatments = roles.treatments(comparison.definitions)
    ranked = sorted(treatments, key=lambda arm: effects.get(arm, math.inf))
    return roles.ordered(comparison.definitions, ranked)


def _family(runs: pl.DataFrame, pairs: list[tuple[str, str]]) -> list[Contrast]:
    """Contrasts that one p value is to hold for together."""
    found = []
    for arm, other in pairs:
        blocks = {name: _blocks(runs, arm, other, name) for name in MEASURES}
        effects = {name: compare(of) for name, of in blocks.items() if of}
        if effects:
            found.append(Contrast(arm, other, effects, {}, *_solving(effects, blocks["solve"])))
    for name in MEASURES:
        tested = [contrast for contrast in found if name in contrast.effects]
        p = np.array([contrast.effects[name].p for contrast in tested])
        for contrast, adjusted in zip(tested, holm(p), strict=True):
            contrast.adjusted[name] = float(adjusted)
    return found


def _blocks(runs: pl.DataFrame, arm: str, other: str, name: str) -> list[Block]:
    """Of the groups in which both have a run that was measured."""
    blocks = []
    for _, group in runs.drop_nulls(name).group_by("group", maintain_order=True):
        a = group.filter(arm=arm)[name].to_numpy()
        b = group.filter(arm=other)[name].to_numpy()
        if len(a) and len(b):
            blocks.append((a, b))
    return blocks


def _solving(effects: dict[str, Effect], blocks: list[Block]) -> tuple[float | None, str | None]:
    """As Contrast has `solves` and `solving`."""
    if not blocks:
        return None, None
    other = float(np.mean([b.mean() for _, b in blocks]))
    interval = effects["solve"].low, effects["solve"].high
    return other, verdict(interval, other, SOLVE_MARGIN)


def outcome_rows(comparison: Comparison) -> list[dict[str, str]]:
    """An arm's outcomes, by effect.

    Every run is shown: a mean hides whether runs took off, or collapsed.
    """
    runs = by_run(comparison)
    rows = []
    for arm in arms_by_effect(comparison):
        own = runs.filter(arm=arm)
        row = {
            "arm": arm + (" (taught)" if comparison.taught else ""),
            "role": comparison.definitions[arm]["role"],
            "runs": str(len(own)),
            "took off": f"{own['took_off'].count()} of {len(own)}",
            "at step": _median(own),
            "U": _percent(own["U"]),
            "of each run": _each(own["U"]),
            "late": _percent(own["late"]),
            "extinct": str(own["extinct"].sum()),
        }
        if own["solve"].count():
            solved = own["solve"].drop_nulls()
            row |= {"solve": _percent(solved), "solve of each run": _each(solved)}
        rows.append(row)
    return rows


def effect_rows(comparison: Comparison) -> list[dict[str, str]]:
    """Contrasts: differences in points with their interval over runs, p and Holm's p.

    Those against the reference come first, by effect.
    """
    place = arms_by_effect(comparison).index
    against = comparison.reference
    by_effect = sorted(
        contrasts(comparison), key=lambda one: (one.other != against, place(one.arm))
    )
    rows = []
    for contrast in by_effect:
        row = {"arm": contrast.arm, "against": contrast.other}
        row["runs"] = " and ".join(str(n) for n in contrast.effects["U"].n)
        for name, effect in contrast.effects.items():
            row |= {
                f"Δ {name}": show_effect(effect),
                f"p ({name})": _p(effect.p),
                f"Holm ({name})": _p(contrast.adjusted[name]),
            }
        if contrast.solving:
            row[f"solve within {100 * SOLVE_MARGIN:.0f}"] = contrast.solving
        rows.append(row)
    return rows


def show_effect(effect: Effect) -> str:
    """ "-22.6 [-36.0, -8.9]" in points; no interval where there is no test."""
    points = f"{100 * effect.mean:+.1f}"
    if math.isnan(effect.low):
        return points
    return f"{points} [{100 * effect.low:+.1f}, {100 * effect.high:+.1f}]"


def _median(runs: pl.DataFrame) -> str:
    step = survival.median(outcomes.times(runs))
    return "none" if math.isinf(step) else f"{step:.0f}"


def _percent(rates: pl.Series) -> str:
    return f"{100 * rates.mean():.1f}"


def _each(rates: pl.Series) -> str:
    return " ".join(f"{100 * rate:.0f}" for rate in rates)


def _p(p: float) -> str:
    return "-" if math.isnan(p) else f"{p:.2g}"
