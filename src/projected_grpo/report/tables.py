"""The report's tables: a Comparison -> rows of text, one an arm. Rates in per cent, differences in points."""

import math

import polars as pl
from tabulate import tabulate

from projected_grpo.report.compare import DIAGNOSTICS, HACK, SOLVE, Comparison
from projected_grpo.stats.intervals import (
    Difference,
    difference,
    hack_given_attempt,
    steps_to_hack,
    wilson,
)

CHANGES = {"strict": (HACK, "strict"), "solve": (SOLVE, "gt_pass")}


def render(rows: list[dict[str, str]], markdown: bool = False) -> str:
    """Rows of text as a table: for a terminal, or for a markdown page."""
    columns = dict.fromkeys(key for row in rows for key in row)
    align = ["left" if key in ("arm", "group", "loophole") else "right" for key in columns]
    return tabulate(
        rows,
        headers="keys",
        tablefmt="github" if markdown else "simple",
        colalign=align,
        disable_numparse=True,
    )


def main_rows(comparison: Comparison) -> list[dict[str, str]]:
    """An arm's rates with Wilson intervals, and its difference to vanilla, in hacking and in solving side by side."""
    mark = " (warm-started)" if comparison.warm_started else ""
    uneven = len(set(comparison.steps.values())) > 1
    return [
        {
            "arm": arm + mark,
            "seeds": ",".join(str(run.seed) for run in comparison.of(arm)),
            **(
                {
                    "steps": ",".join(
                        str(comparison.steps[arm, run.seed]) for run in comparison.of(arm)
                    )
                }
                if uneven
                else {}
            ),
            "n": _samples(comparison, arm),
            "strict %": rate(comparison, arm, HACK, "strict"),
            "loose %": rate(comparison, arm, HACK, "loose"),
            "solve %": rate(comparison, arm, SOLVE, "gt_pass"),
            "Δ strict": show_change(comparison, arm, "strict"),
            "Δ solve": show_change(comparison, arm, "solve"),
            "commit": " ".join(sorted({run.commit for run in comparison.of(arm)})),
        }
        for arm in comparison.arms
    ]


def behaviour_rows(comparison: Comparison) -> list[dict[str, str]]:
    """What stands behind the rates: P(hack | attempted), steps to hack by seed, the constraint's own measures."""
    logged = [name for name in DIAGNOSTICS if comparison.diagnostics[name].is_not_null().any()]
    rows = []
    for arm in comparison.arms:
        strict, loose = (count(comparison, arm, HACK, column)[0] for column in ("strict", "loose"))
        row = {
            "arm": arm,
            "paid per attempt %": _percent(hack_given_attempt(strict, loose)),
            "steps to hack": _onsets(comparison, arm),
        }
        rows.append(row | {_heading(name): _diagnostic(comparison, arm, name) for name in logged})
    return rows


def loophole_rows(comparison: Comparison) -> list[dict[str, str]]:
    """Strict rate by loophole and arm, where more than the two standard prompts were evaluated; else no rows."""
    others = sorted(set(comparison.evals["loophole"]) - {HACK, SOLVE})
    return [
        {
            "loophole": name,
            **{f"{arm} strict %": rate(comparison, arm, name, "strict") for arm in comparison.arms},
        }
        for name in ([HACK, *others] if others else [])
    ]


def group_rows(comparisons: list[Comparison]) -> list[dict[str, str]]:
    """What each group is, where the report spans several: no number is compared across them."""
    return [{"group": c.group, **c.facts} for c in comparisons] if len(comparisons) > 1 else []


def count(comparison: Comparison, arm: str, loophole: str, column: str) -> tuple[int, int]:
    """(samples with `column`, samples) of an arm on a loophole, all seeds."""
    values = _samples_of(comparison, arm, loophole)[column]
    return int(values.sum()), len(values)


def rate(comparison: Comparison, arm: str, loophole: str, column: str) -> str:
    """ "18.0 [12.1, 25.9]": per cent with the 95 % Wilson interval."""
    k, n = count(comparison, arm, loophole, column)
    return f"{100 * k / n:.1f} {_interval(*wilson(k, n))}"


def change(comparison: Comparison, arm: str, name: str) -> Difference | None:
    """An arm's difference to vanilla in "strict" or "solve"; None for vanilla itself, and where they share no seed."""
    loophole, column = CHANGES[name]
    own, vanilla = (_samples_of(comparison, which, loophole) for which in (arm, "vanilla"))
    if arm == "vanilla" or not set(own["seed"]) & set(vanilla["seed"]):
        return None
    return difference(own, vanilla, column)


def show_change(comparison: Comparison, arm: str, name: str) -> str:
    """ "-16.7 [-29.2, -4.2]" in points; the seeds are named where either arm has one that the other lacks."""
    found = change(comparison, arm, name)
    if found is None:
        return "" if arm == "vanilla" else "no vanilla with its seed"
    all_paired = all(
        {run.seed for run in comparison.of(which)} == set(found.seeds) for which in (arm, "vanilla")
    )
    seeds = "" if all_paired else f" seeds {','.join(map(str, found.seeds))}"
    return f"{100 * found.mean:+.1f} {_interval(found.low, found.high, signed=True)}{seeds}"


def _samples_of(comparison: Comparison, arm: str, loophole: str) -> pl.DataFrame:
    return comparison.evals.filter(pl.col("arm") == arm, pl.col("loophole") == loophole)


def _samples(comparison: Comparison, arm: str) -> str:
    """Samples behind the hack rates and behind the solve rate, once if they are as many."""
    hack, solve = (count(comparison, arm, loophole, "strict")[1] for loophole in (HACK, SOLVE))
    return str(hack) if hack == solve else f"{hack} hack, {solve} solve"


def _onsets(comparison: Comparison, arm: str) -> str:
    """Steps to hack of each seed, in the seeds' order."""
    runs = comparison.train.filter(pl.col("arm") == arm).partition_by("seed", maintain_order=True)
    return ", ".join("none" if (step := steps_to_hack(run)) is None else str(step) for run in runs)


def _diagnostic(comparison: Comparison, arm: str, name: str) -> str:
    """Mean over steps and seeds; the leak is cumulative, so only each seed's last value counts."""
    logged = comparison.diagnostics.filter(pl.col("arm") == arm, pl.col(name).is_not_null()).sort(
        "step"
    )
    if name == "leak":
        logged = logged.group_by("seed").last()
    return "-" if logged.is_empty() else f"{logged[name].mean():.3g}"


def _heading(diagnostic: str) -> str:
    return {"leak": "leak (last step)", "seconds": "hook s/step"}.get(diagnostic, diagnostic)


def _percent(fraction: float) -> str:
    return "-" if math.isnan(fraction) else f"{100 * fraction:.0f}"


def _interval(low: float, high: float, signed: bool = False) -> str:
    """No interval is shown where there is nothing to resample: a width of zero would read as certainty."""
    sign = "+" if signed else ""
    return "[-]" if math.isnan(low) else f"[{100 * low:{sign}.1f}, {100 * high:{sign}.1f}]"
