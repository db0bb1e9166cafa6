"""The dose in force that runs logged: as the dose law reads it, and by phase.

All from one frame of metrics, a row a run and step: run ("group/arm-s1"), step, n (its samples),
and whatever was logged under the name it was logged by, null where a step did not.
"""

import math
from dataclasses import dataclass

import polars as pl

from projected_grpo.stats import dose_law, outcomes
from projected_grpo.stats.dose_law import Law
from projected_grpo.stats.permutation import LEVEL

BLATANT = "labels/blatant"
# Strict hacks by the form of their test function.
FORMS = ("empty", "prints", "swallowing")
LOGGED = ("actor/hold/gain", "actor/hold/gain_taken")
RUN = ["arm", "seed"]


@dataclass(frozen=True)
class Cell:
    """A form and band of the rate. rows: of `dose_law.growths`."""

    form: str
    band: str
    rows: pl.DataFrame
    law: Law


def counts(metrics: pl.DataFrame) -> pl.DataFrame:
    """A row a form, run and step, as `dose_law.growths` reads them.

    seed names the group too ("rung-b-1/4"): one seed in two groups is two runs. Forms: all blatant
    hacks, and each of FORMS that was counted.
    """
    name = pl.col("run").str.extract_groups(r"^(?<group>[^/]+)/(?<arm>.+)-s(?<seed>\d+)$")
    named = metrics.with_columns(name.alias("name")).unnest("name")
    named = named.with_columns(seed=pl.col("group") + "/" + pl.col("seed"))
    parts = [_of_form(named, "blatant", _column(named, BLATANT) * pl.col("n"), LOGGED)]
    for form in FORMS:
        own = tuple(f"{name}_{form}" for name in LOGGED)
        parts.append(_of_form(named, form, _column(named, f"labels/kind/{form}"), own))
    return pl.concat(parts).drop_nulls("hacks")


def _of_form(
    metrics: pl.DataFrame, form: str, hacks: pl.Expr, logged: tuple[str, str]
) -> pl.DataFrame:
    gain, taken = (_column(metrics, name) for name in logged)
    return metrics.select(
        *RUN,
        "step",
        form=pl.lit(form),
        n=pl.col("n").cast(pl.Int64),
        hacks=hacks.round().cast(pl.Int64),
        gain=gain,
        gain_taken=taken,
    )


def _column(metrics: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64) if name in metrics.columns else pl.lit(None, pl.Float64)


def logging(steps: pl.DataFrame) -> list[str]:
    """The arms with a logged dose. steps: of `counts`."""
    return steps.drop_nulls("gain")["arm"].unique(maintain_order=True).to_list()


def cells(steps: pl.DataFrame, untouched: list[str]) -> list[Cell]:
    """Every form and band in which arms of unlike dose grew; none where no arm logged a dose.

    steps: of `counts`. untouched: arms from whose steps nothing is taken: their dose is 0. Other
    arms that log none are left out.
    """
    logged = logging(steps)
    if not logged:
        return []
    known = steps.filter(pl.col("arm").is_in([*logged, *untouched]))
    rows = dose_law.growths(known, dict.fromkeys(untouched, 0.0))
    found = []
    for (form, band), own in rows.group_by("form", "band", maintain_order=True):
        if own["dose"].n_unique() > 1:
            found.append(Cell(form, band, own, dose_law.law(own)))
    order = ["blatant", *FORMS]
    return sorted(found, key=lambda cell: order.index(cell.form))


def permutable(runs: pl.DataFrame) -> bool:
    """Whether doses can be permuted over these rows of `dose_law.by_run` in ways enough for a
    two-sided p of LEVEL.
    """
    ways = math.factorial(len(runs))
    for n in runs["dose"].value_counts()["count"]:
        ways //= math.factorial(n)
    return 2 / ways <= LEVEL


def phases(steps: pl.DataFrame, width: int) -> pl.DataFrame:
    """The dose in force by phases of `width` steps: a row an arm that logs and phase.

    arm, first, last (step); runs; dose, over all of them; low, high: of single runs; before: of
    those steps that come before their run's take-off; took_off: runs that had by `last`; each of
    FORMS: the dose on its hacks. Gains are summed before they are divided, and what is not above 0
    divides nothing: null.
    """
    begin = steps["step"].min()
    blatant = steps.filter(form="blatant").rename({"hacks": "blatant"})
    onsets = outcomes.by_run(blatant, RUN).select(*RUN, "took_off")
    phase = (pl.col("step") - begin) // width
    logged = steps.drop_nulls("gain").join(onsets, on=RUN).with_columns(phase=phase)
    rows = []
    for (arm, number), part in logged.sort("step").group_by("arm", "phase", maintain_order=True):
        own = part.filter(form="blatant")
        by_run = [_dose(run) for run in own.partition_by("seed")]
        single = [dose for dose in by_run if dose is not None]
        took_off = own.unique("seed")["took_off"]
        free = own.filter(pl.col("took_off").is_null() | (pl.col("step") < pl.col("took_off")))
        rows.append(
            {
                "arm": arm,
                "first": begin + width * number,
                "last": own["step"].max(),
                "runs": len(by_run),
                "dose": _dose(own),
                "low": min(single, default=None),
                "high": max(single, default=None),
                "before": _dose(free),
                "took_off": (took_off <= own["step"].max()).sum(),
                **{form: _dose(part.filter(form=form)) for form in FORMS},
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _dose(rows: pl.DataFrame) -> float | None:
    gain = rows["gain"].sum()
    return rows["gain_taken"].sum() / gain if gain > 0 else None
