"""What became of each run: one number a run, which is what tests of arms are made of."""

from collections.abc import Sequence

import polars as pl

from projected_grpo.stats.onset import take_off

# Steps of the late rate, and those without a hack that make an extinction.
LATE = 4
EXTINCT = 5


def by_run(steps: pl.DataFrame, run: Sequence[str]) -> pl.DataFrame:
    """A row a run: the columns `run`, and

    U: mean over its steps of the share of blatant hacks; late: the same over the last LATE.
    took_off: see `take_off`, null where it did not; end: its last step, where it is then censored.
    extinct: no blatant hack in the EXTINCT steps before take-off, or before the end.

    steps: a row a run and step: the columns `run`, step, n, blatant (counts).
    """
    rows = []
    for key, own in steps.sort("step").group_by(run, maintain_order=True):
        rate = own["blatant"] / own["n"]
        onset = take_off(own)
        rows.append(
            {
                **dict(zip(run, key, strict=True)),
                "U": rate.mean(),
                "late": rate.tail(LATE).mean(),
                "took_off": onset,
                "end": own["step"].max(),
                "extinct": extinct(own, onset),
            }
        )
    types = {"took_off": pl.Int64, "end": pl.Int64}
    return pl.DataFrame(rows, infer_schema_length=None).cast(types)


def extinct(steps: pl.DataFrame, onset: int | None) -> bool:
    """Whether EXTINCT steps without a blatant hack end before `onset`, or with the last step."""
    before = steps if onset is None else steps.filter(pl.col("step") < onset)
    last = before["blatant"].tail(EXTINCT)
    return len(last) == EXTINCT and last.sum() == 0


def times(runs: pl.DataFrame) -> list[tuple[int, bool]]:
    """runs: rows of `by_run`. (step of take-off or end, whether it took off), for `survival`."""
    pairs = runs.select("took_off", "end").rows()
    return [(end if onset is None else onset, onset is not None) for onset, end in pairs]
