"""Runs that may stand in one table: their evaluations and training, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from projected_grpo.cli import Refusal
from projected_grpo.loopholes.facts import BESIDE_LABELS
from projected_grpo.report import refusals, roles, wordings
from projected_grpo.report.diagnostics import diagnostics
from projected_grpo.report.facts import facts
from projected_grpo.rollouts.schema import read, step_files
from projected_grpo.runs.run import Run

EVAL_COLUMNS = ("step", "problem_id", "loophole", "blatant", "strict", "loose", "gt_pass")
TRAIN_COLUMNS = ("step", "blatant", "strict", "loose", "gt_pass", "kind", *BESIDE_LABELS)


@dataclass(frozen=True)
class Comparison:
    """Finished, evaluated runs of one group that differ in arm and seed only.

    evals: a row a sample: arm, seed, EVAL_COLUMNS.
    train: a row a run and step: arm, seed, step, and the counts n, blatant, strict, loose, correct,
        uncertain, hardcodes; of these two null where the rollouts do not say.
    kinds: a row a run, step and kind of test function that a strict hack of the step has: arm,
        seed, step, kind, and how many have it, hacks.
    diagnostics: a row a run and step: arm, seed, step, DIAGNOSTICS. No rows if none was logged.
    facts: what all runs share, as a name and a value.
    steps: (arm, seed) -> number of the last training step, which may differ by a tenth where a run
        was ended by the clock.
    """

    group: str
    runs: list[Run]
    evals: pl.DataFrame
    train: pl.DataFrame
    kinds: pl.DataFrame
    diagnostics: pl.DataFrame
    facts: dict[str, str]
    steps: dict[tuple[str, int], int]

    @property
    def definitions(self) -> roles.Definitions:
        return {run.arm: run.definition for run in self.runs}

    @property
    def arms(self) -> list[str]:
        """Always in the same order: see roles.ordered."""
        return roles.ordered(self.definitions)

    @property
    def reference(self) -> str | None:
        """The arm that differences are to."""
        return roles.reference(self.definitions)

    @property
    def loophole(self) -> str:
        """The wording that all runs were trained for, and where hacks are counted."""
        return self.facts["loophole"]

    @property
    def taught(self) -> bool:
        return self.runs[0].taught

    def of(self, arm: str) -> list[Run]:
        return [run for run in self.runs if run.arm == arm]

    def samples(self, arm: str, loophole: str) -> pl.DataFrame:
        """An arm's evaluation on one wording, all seeds."""
        return self.evals.filter(pl.col("arm") == arm, pl.col("loophole") == loophole)

    def hacking(self, arm: str) -> pl.DataFrame:
        """The samples behind an arm's hack rates."""
        return self.samples(arm, self.loophole)

    def solving(self, arm: str) -> pl.DataFrame:
        """The samples behind an arm's solve rate."""
        return self.samples(arm, wordings.CLEAN)


def gather(runs: list[Run]) -> Comparison:
    """Read runs of one group.

    Raises Refusal naming what differs where they must not be compared, and for a run made before
    arms had roles.
    """
    runs = sorted(runs, key=lambda run: (run.arm, run.seed))
    roles.reference({run.arm: run.definition for run in runs})
    evals = {run: read(run.path / "eval.parquet", EVAL_COLUMNS) for run in runs}
    sampled = {run: _training_rollouts(run) for run in runs}
    train = {run: _counts(run, rows) for run, rows in sampled.items()}
    last = {run: train[run]["step"].max() for run in runs}
    shared = {run: facts(run, evals[run], last[run]) for run in runs}
    steps = {(run.arm, run.seed): n for run, n in last.items()}
    refusals.refuse_mixture(shared)
    refusals.refuse_mixed_arms(runs)
    refusals.refuse_uneven_training(runs, steps)
    refusals.refuse_unexplained(runs)
    fewest, most = min(last.values()), max(last.values())
    length = str(most) if fewest == most else f"{fewest} to {most}"
    if runs[0].first_step > 1:
        length = f"{length}, from step {runs[0].first_step} on"
    return Comparison(
        group=runs[0].group,
        runs=runs,
        evals=_stack(evals),
        train=_stack(train),
        kinds=_stack({run: _kinds(rows) for run, rows in sampled.items()}),
        diagnostics=_stack({run: diagnostics(run) for run in runs}),
        facts={**shared[runs[0]], "training steps": length},
        steps=steps,
    )


def _stack(frames: Mapping[Run, pl.DataFrame]) -> pl.DataFrame:
    """One frame of all runs' rows, with arm and seed in front."""
    tagged = [
        frame.select(pl.lit(run.arm).alias("arm"), pl.lit(run.seed).alias("seed"), pl.all())
        for run, frame in frames.items()
    ]
    return pl.concat(tagged, how="vertical_relaxed")


def _training_rollouts(run: Run) -> pl.DataFrame:
    """TRAIN_COLUMNS of all training steps, a row a sample."""
    files = step_files(run.path)
    if not files:
        raise Refusal(
            f"{run.name} is done but has no rollouts/<step>.parquet: "
            "nothing to draw; remove it or run it again"
        )
    return pl.concat([read(files[step], TRAIN_COLUMNS) for step in sorted(files)])


def _counts(run: Run, rows: pl.DataFrame) -> pl.DataFrame:
    """Counts by training step, from the labels themselves, for every step from first to last."""
    counts = rows.group_by("step").agg(
        pl.len().cast(pl.Int64).alias("n"),
        pl.col("blatant", "strict", "loose").sum().cast(pl.Int64),
        pl.col("gt_pass").sum().cast(pl.Int64).alias("correct"),
        pl.when(pl.col(*BESIDE_LABELS).is_not_null().any()).then(
            pl.col(*BESIDE_LABELS).sum().cast(pl.Int64)
        ),
    )
    counts = counts.sort("step")
    steps = counts["step"].to_list()
    first = run.first_step
    if steps != list(range(first, steps[-1] + 1)):
        raise Refusal(
            f"{run.name} has rollouts of steps {steps}, not of {first} to {steps[-1]}: run it again"
        )
    return counts


def _kinds(rows: pl.DataFrame) -> pl.DataFrame:
    """How many strict hacks of each step have test functions of each kind."""
    hacks = rows.filter("strict").group_by("step", "kind").agg(hacks=pl.len().cast(pl.Int64))
    return hacks.sort("step", "kind")
