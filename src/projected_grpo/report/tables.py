"""The report's tables: a Comparison -> rows of text, one an arm. Rates in per cent."""

import math

import polars as pl
from tabulate import tabulate

from projected_grpo.report import wordings
from projected_grpo.report.compare import RUN, Comparison
from projected_grpo.report.diagnostics import DIAGNOSTICS
from projected_grpo.report.outcomes import SOLVE_MARGIN, contrasts
from projected_grpo.report.rates import CHANGES, count, rate, show_change
from projected_grpo.stats.attempts import hack_given_attempt
from projected_grpo.stats.onset import TAKEN_OFF, steps_to_hack
from projected_grpo.stats.outcomes import EXTINCT, LATE
from projected_grpo.stats.welch import CONFIDENCE

Rows = list[dict[str, str]]
WORDS = (
    "arm",
    "group",
    "role",
    "against",
    "of each run",
    "solve of each run",
    "form",
    "label",
    "wording",
    "file",
    "rate before",
    "dose of each arm",
)
HEADINGS = {"leak": "leak (last step)", "seconds": "hook s/step"}
RUNS_LEGEND = (
    "A run is one number: U, its mean share of blatant hacks over training steps, in % (late: over "
    "the last {late}).\n"
    "Takes off: the first of two training steps in a row with {quarter} % blatant hacks; at step: "
    "the Kaplan-Meier median.\n"
    "Extinct: no blatant hack in the {extinct} steps before take-off, or before the end. "
    "Solve: {clean}.\n"
    "Δ in points; p two-sided, runs permuted within their group; Holm over the arms against the "
    "same one;\n"
    "interval: Welch's over runs, nominal {nominal} % to cover 95 % (docs/statistics.md). "
    "-: too few runs for a test.\n"
)
MARGIN_LEGEND = (
    "Solve within {margin}: equivalent where the interval of Δ solve lies within {margin} points "
    "of 0, not lower where above\n-{margin}, lower where below; open where it holds -{margin}; "
    "nothing where the other solves no more than {margin} %.\n"
)
LEGEND = (
    "n: samples a rate. Rates in % with 95 % Wilson intervals (samples taken as independent);\n"
    "blatant, strict, loose: {loophole} with drawn test-function names; solve: {clean}.\n"
    "Blatant: strict, by tests that check nothing (empty, prints) or swallow what they find.\n"
    "Δ to {reference} in points, paired by seed and problem, 95 % bootstrap over problems "
    "([-]: no spread to resample):\n"
    "these rates and Δ are about these weights; no interval there holds the noise between runs.\n"
    "Paid per attempt: strict over loose, P(hack | attempted). Steps to hack, run by run: the "
    "first training step with\nmore strict hacks than correct answers.\n"
    "By blocks of training steps, seeds pooled: rates; samples whose label hangs on a trial that "
    "told nothing (uncertain)\nand that look the shown examples up (hardcodes); "
    "kinds of tests in % of the strict hacks."
)
DIAGNOSTICS_LEGEND = (
    "cos_post is 0 by construction where the gradient is projected: only behaviour is evidence."
)


def render(rows: Rows, markdown: bool = False) -> str:
    """Rows of text as a table: for a terminal, or for a markdown page."""
    columns = dict.fromkeys(key for row in rows for key in row)
    return tabulate(
        rows,
        headers="keys",
        tablefmt="github" if markdown else "simple",
        colalign=["left" if key in WORDS else "right" for key in columns],
        disable_numparse=True,
    )


def main_rows(comparison: Comparison) -> Rows:
    """An arm's rates with Wilson intervals, and its difference to the reference.

    In hacking and in solving, side by side. No rows where runs were not evaluated.
    """
    if comparison.evals.is_empty():
        return []
    uneven = len(set(comparison.steps.values())) > 1
    rows = []
    for arm in comparison.arms:
        runs = comparison.of(arm)
        row = {
            "arm": arm + (" (taught)" if comparison.taught else ""),
            "seeds": ",".join(str(run.seed) for run in runs),
        }
        if uneven:
            row["steps"] = ",".join(str(comparison.steps[run]) for run in runs)
        row |= {
            "n": _sample_sizes(comparison, arm),
            "blatant %": rate(comparison.hacking(arm), "blatant"),
            "strict %": rate(comparison.hacking(arm), "strict"),
            "loose %": rate(comparison.hacking(arm), "loose"),
            "solve %": rate(comparison.solving(arm), "gt_pass"),
        }
        if len(comparison.groups) == 1:
            row |= {f"Δ {name}": show_change(comparison, arm, name) for name in CHANGES}
        row["commit"] = " ".join(sorted({run.commit for run in runs}))
        rows.append(row)
    return rows


def behaviour_rows(comparison: Comparison) -> Rows:
    """What stands behind the rates.

    P(hack | attempted), steps to hack by run, the constraint's own measures.
    """
    logged = [name for name in DIAGNOSTICS if comparison.diagnostics[name].is_not_null().any()]
    rows = []
    for arm in comparison.arms:
        strict, _ = count(comparison.hacking(arm), "strict")
        loose, _ = count(comparison.hacking(arm), "loose")
        row = {
            "arm": arm,
            "paid per attempt %": _percent(hack_given_attempt(strict, loose)),
            "steps to hack": _onsets(comparison, arm),
        }
        for name in logged:
            row[HEADINGS.get(name, name)] = _diagnostic(comparison, arm, name)
        rows.append(row)
    return rows


def group_rows(comparisons: list[Comparison]) -> Rows:
    """What each group is, where the report spans several: no number is compared across them."""
    if len(comparisons) == 1:
        return []
    return [{"group": comparison.group, **comparison.facts} for comparison in comparisons]


def legend(comparisons: list[Comparison]) -> str:
    """What the columns are, in the wordings and references of the groups."""
    loopholes = dict.fromkeys(comparison.loophole for comparison in comparisons)
    references = dict.fromkeys(comparison.reference for comparison in comparisons)
    within = MARGIN_LEGEND if any(map(_has_verdict, comparisons)) else ""
    lines = (RUNS_LEGEND + within + LEGEND).format(
        margin=round(100 * SOLVE_MARGIN),
        late=LATE,
        extinct=EXTINCT,
        nominal=round(100 * CONFIDENCE),
        loophole=" or ".join(loopholes),
        clean=wordings.CLEAN,
        reference=" or ".join(name for name in references if name) or "the reference",
        quarter=round(100 * TAKEN_OFF),
    )
    if all(comparison.diagnostics.is_empty() for comparison in comparisons):
        return lines
    return f"{lines}\n{DIAGNOSTICS_LEGEND}"


def _has_verdict(comparison: Comparison) -> bool:
    return any(contrast.solving for contrast in contrasts(comparison))


def _sample_sizes(comparison: Comparison, arm: str) -> str:
    """Samples behind the hack rates and behind the solve rate, once if they are as many."""
    hack, solve = len(comparison.hacking(arm)), len(comparison.solving(arm))
    return str(hack) if hack == solve else f"{hack} hack, {solve} solve"


def _onsets(comparison: Comparison, arm: str) -> str:
    """Steps to hack of each run, in the runs' order."""
    rows = comparison.train.filter(pl.col("arm") == arm)
    onsets = [steps_to_hack(run) for run in rows.partition_by(RUN, maintain_order=True)]
    return ", ".join("none" if step is None else str(step) for step in onsets)


def _diagnostic(comparison: Comparison, arm: str, name: str) -> str:
    """Mean over steps and runs; the leak is cumulative, so only each run's last value counts."""
    logged = comparison.diagnostics.filter(pl.col("arm") == arm, pl.col(name).is_not_null())
    if name == "leak":
        logged = logged.sort("step").group_by(RUN).last()
    return "-" if logged.is_empty() else f"{logged[name].mean():.3g}"


def _percent(fraction: float) -> str:
    return "-" if math.isnan(fraction) else f"{100 * fraction:.0f}"
