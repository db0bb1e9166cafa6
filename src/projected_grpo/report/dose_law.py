"""The dose law and the dose in force by phase, as tables, of runs that logged the latter."""

from functools import cache

import polars as pl

from projected_grpo.report.compare import RUN, Comparison, before_branch
from projected_grpo.report.diagnostics import logged
from projected_grpo.report.kinds import block_width
from projected_grpo.report.tables import Rows
from projected_grpo.stats import logged_dose
from projected_grpo.stats.dose_law import by_run
from projected_grpo.stats.logged_dose import FORMS, Cell

LEGEND = (
    "Dose law: growth of the log odds from step t to t + 1 = base + slope (1 - dose), by form and "
    "rate at t - 1;\n"
    "p: doses permuted over runs, for this row alone; - where runs are too few "
    "(docs/statistics.md).\n"
    "Dose in force: gain_taken over gain, each summed first (docs/dose.md); of each run: least to "
    "most;\n"
    "before take-off: of the steps before a run's own; took off: runs that had by the last step."
)


def law_rows(comparison: Comparison) -> Rows:
    """A row a form and band: the law there, and each arm's dose. No rows where none was logged."""
    rows = []
    for cell in cells(comparison):
        runs = by_run(cell.rows)
        row = {"form": cell.form, "rate before": cell.band}
        row |= {"slope": f"{cell.law.slope:+.2f}", "base": f"{cell.law.base:+.2f}"}
        row["p"] = f"{cell.law.p:.2g}" if logged_dose.permutable(runs) else "-"
        row |= {"runs": str(len(runs)), "steps": str(runs["steps"].sum())}
        row["dose of each arm"] = ", ".join(_doses(comparison, runs))
        rows.append(row)
    return rows


def phase_rows(comparison: Comparison) -> Rows:
    """An arm's blocks of training steps: the dose in force. No rows where none was logged."""
    steps = counts(comparison)
    if not logged_dose.logging(steps):
        return []
    phases = logged_dose.phases(steps, block_width(comparison))
    rows = []
    for arm in comparison.arms:
        for phase in phases.filter(arm=arm).iter_rows(named=True):
            row = {"arm": arm, "steps": f"{phase['first']} to {phase['last']}"}
            row["dose"] = _show(phase["dose"])
            row["of each run"] = _range(phase["low"], phase["high"])
            row["before take-off"] = _show(phase["before"])
            row |= {form: _show(phase[form]) for form in FORMS}
            row["took off"] = f"{phase['took_off']} of {phase['runs']}"
            rows.append(row)
    return rows


def legend(comparisons: list[Comparison]) -> list[str]:
    """What the columns are, and which arms stand in no row; empty where no dose was logged."""
    untouched: list[str] = []
    left_out: list[str] = []
    dosed = [one for one in comparisons if logged_dose.logging(counts(one))]
    for comparison in dosed:
        measured = logged_dose.logging(counts(comparison))
        for arm in comparison.arms:
            if arm in measured:
                continue
            named = untouched if arm == comparison.reference else left_out
            named.append(arm)
    lines = [LEGEND]
    if untouched:
        lines.append(f"Dose 0, for nothing is taken: {_names(untouched)}.")
    if left_out:
        lines.append(f"In neither table, for no dose was logged: {_names(left_out)}.")
    return ["\n".join(lines)] if dosed else []


@cache
def cells(comparison: Comparison) -> list[Cell]:
    """See `logged_dose.cells`; from the reference's steps nothing is taken."""
    reference = comparison.reference
    return logged_dose.cells(counts(comparison), [reference] if reference else [])


@cache
def counts(comparison: Comparison) -> pl.DataFrame:
    """See `logged_dose.counts`, of what the runs' metrics.jsonl hold."""
    rows = []
    for run in comparison.runs:
        before = before_branch(run, comparison.groups)
        for step, data in logged(run):
            numbers = {name: float(x) for name, x in data.items() if isinstance(x, int | float)}
            key = {"run": f"{run.group}/{run.arm}-s{run.seed}", "step": step - before}
            rows.append({**key, **numbers})
    keys = pl.DataFrame(schema={"run": pl.String, "step": pl.Int64})
    metrics = pl.concat([keys, pl.DataFrame(rows, infer_schema_length=None)], how="diagonal")
    run = pl.format("{}/{}-s{}", *RUN)
    n = comparison.train.select("step", "n", run=run)
    return logged_dose.counts(metrics.join(n, on=["run", "step"]))


def _doses(comparison: Comparison, runs: pl.DataFrame) -> list[str]:
    """runs: of `dose_law.by_run`. "hold 0.71", in the arms' order."""
    of = dict(runs.select("arm", "dose").iter_rows())
    return [f"{arm} {_show(of[arm])}" for arm in comparison.arms if arm in of]


def _show(dose: float | None) -> str:
    return "-" if dose is None else f"{dose:.2f}"


def _range(low: float | None, high: float | None) -> str:
    return "-" if low is None else f"{low:.2f} to {high:.2f}"


def _names(arms: list[str]) -> str:
    return ", ".join(dict.fromkeys(arms))
