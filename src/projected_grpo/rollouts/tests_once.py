"""Problems on which the start model defines tests in exactly one of eight samples.

Fewer runs go extinct on them: tests are found again and again, and nothing is taught.
"""

from pathlib import Path

import polars as pl

from projected_grpo.cli import Refusal
from projected_grpo.rollouts.schema import read

SAMPLES = 8
COLUMNS = ("problem_id", "loophole", "defines_tests")
REMEDY = f"sample the start model with `just extract MODEL out=FOLDER n={SAMPLES} v_hack=false`"


def problem_ids(file: Path, loophole: str, among: set[str]) -> set[str]:
    """Those of `among`, by the first eight samples of each that were not elicited.

    file: labelled rollouts of the start model, under the wording that is trained on. Raises Refusal
    where there are none, or fewer than eight of a problem. A problem without samples is left out.
    """
    if not file.is_file():
        raise Refusal(f"env.problems.filter=tests_once: no file {file}: {REMEDY}")
    rows = read(file, COLUMNS, others=True)
    if "elicited" in rows.columns:
        rows = rows.filter(~pl.col("elicited").fill_null(False))
    wordings = ", ".join(sorted(set(rows["loophole"])))
    rows = rows.filter(pl.col("loophole") == loophole, pl.col("problem_id").is_in(among))
    if rows.is_empty():
        raise Refusal(
            f"{file} has no plain samples of the training problems under {loophole} (it has "
            f"{wordings or 'none'}): set env.loophole to one of its wordings, or {REMEDY} "
            f"loophole={loophole}"
        )
    defining = pl.col("defines_tests").head(SAMPLES).sum()
    by_problem = rows.group_by("problem_id").agg(n=pl.len(), defining=defining)
    if few := sorted(by_problem.filter(pl.col("n") < SAMPLES)["problem_id"]):
        raise Refusal(
            f"{file} has fewer than {SAMPLES} samples of {len(few)} training problems ({few[0]}, "
            f"...): {REMEDY}"
        )
    return set(by_problem.filter(pl.col("defining") == 1)["problem_id"])
