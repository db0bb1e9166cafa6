"""Runs that may stand in one table: their evaluations and training, read and checked.

They are of one group, or of several that are the branch points of one sweep: then a run is compared
with those of its point, and steps are counted from the branch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from os.path import commonprefix

import polars as pl

from projected_grpo.cli import Refusal
from projected_grpo.loopholes.facts import BESIDE_LABELS
from projected_grpo.report import refusals, roles, wordings
from projected_grpo.report.diagnostics import diagnostics
from projected_grpo.report.facts import facts
from projected_grpo.rollouts.schema import read, step_files
from projected_grpo.runs.run import Run

EVALUATED = {
    "step": pl.Int64,
    "problem_id": pl.String,
    "loophole": pl.String,
    **dict.fromkeys(("blatant", "strict", "loose", "gt_pass"), pl.Boolean),
}
TRAIN_COLUMNS = ("step", "blatant", "strict", "loose", "gt_pass", "kind", *BESIDE_LABELS)


# What tells a row's run.
RUN = ("group", "arm", "seed")


# Without equality, so that what is computed of one can be kept.
@dataclass(frozen=True, eq=False)
class Comparison:
    """Finished runs that differ in arm, seed and branch point only. RUN names a frame's run.

    group: its name, or what the names of several begin with.
    evals: a row a sample: RUN, EVALUATED. No rows where the runs were not evaluated.
    train: a row a run and step: RUN, step, and the counts n, blatant, strict, loose, correct,
        uncertain, hardcodes; of these two null where the rollouts do not say.
    kinds: a row a run, step and kind of test function that a strict hack of the step has: RUN,
        step, kind, and how many have it, hacks.
    diagnostics: a row a run and step: RUN, step, DIAGNOSTICS. No rows if none was logged.
    facts: what all runs share, as a name and a value.
    steps: run -> number of its last training step, which may differ by a tenth within a group where
        a run was ended by the clock.
    held: the last step in which every arm acts still, None where none is lifted.
    """

    group: str
    groups: list[str]
    runs: list[Run]
    evals: pl.DataFrame
    train: pl.DataFrame
    kinds: pl.DataFrame
    diagnostics: pl.DataFrame
    facts: dict[str, str]
    steps: dict[Run, int]
    held: int | None

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
    """Read runs of one group, or of the branch points of a sweep.

    Raises Refusal naming what differs where they must not be compared, and for a run made before
    arms had roles.
    """
    runs = sorted(runs, key=lambda run: (run.group, run.arm, run.seed))
    roles.reference({run.arm: run.definition for run in runs})
    evals = {run: _evaluation(run) for run in runs}
    sampled = {run: _training_rollouts(run) for run in runs}
    train = {run: _counts(run, rows) for run, rows in sampled.items()}
    last = {run: train[run]["step"].max() for run in runs}
    shared = {run: facts(run, evals[run], last[run]) for run in runs}
    groups = list(dict.fromkeys(run.group for run in runs))
    for group in groups:
        own = [run for run in runs if run.group == group]
        refusals.refuse_mixture({run: shared[run] for run in own})
        refusals.refuse_mixed_arms(own)
        refusals.refuse_uneven_training(own, last)
        refusals.refuse_unexplained(own)
    refusals.refuse_unlike_points(shared)
    before = {run: before_branch(run, groups) for run in runs}
    steps = {run: n - before[run] for run, n in last.items()}
    kinds = {run: _kinds(rows) for run, rows in sampled.items()}
    measured = {run: diagnostics(run) for run in runs}
    starts = dict.fromkeys(run.start for run in runs)
    return Comparison(
        group=_name(groups),
        groups=groups,
        runs=runs,
        evals=_stack(evals, dict.fromkeys(runs, 0)),
        train=_stack(train, before),
        kinds=_stack(kinds, before),
        diagnostics=_stack(measured, before),
        facts={**shared[runs[0]], "start": ", ".join(starts), "training steps": _length(steps)},
        steps=steps,
        held=_held(before),
    )


def before_branch(run: Run, groups: list[str]) -> int:
    """Steps that do not count: of several branch points, those before the branch."""
    return run.first_step - 1 if len(groups) > 1 else 0


def _held(before: Mapping[Run, int]) -> int | None:
    """The first `until` of an arm's mechanisms, counted as steps are."""
    ends = []
    for run, n in before.items():
        for entry in run.definition["interventions"]:
            if entry.get("until") is not None:
                ends.append(entry["until"] - n)
    return min(ends, default=None)


def _name(groups: list[str]) -> str:
    """ "assay" of "assay-1", "assay-2"; the name of a single one."""
    if len(groups) == 1:
        return groups[0]
    return commonprefix(groups).rstrip("0123456789").rstrip("-") or " ".join(groups)


def _length(steps: dict[Run, int]) -> str:
    fewest = min(steps.values())
    most = max(steps.values())
    length = str(most) if fewest == most else f"{fewest} to {most}"
    if len({run.group for run in steps}) > 1:
        return f"{length} after a branch"
    first = next(iter(steps)).first_step
    if first > 1:
        return f"{length}, from step {first} on"
    return length


def _evaluation(run: Run) -> pl.DataFrame:
    file = run.path / "eval.parquet"
    if not file.exists():
        return pl.DataFrame(schema=EVALUATED)
    return read(file, list(EVALUATED))


def _stack(frames: Mapping[Run, pl.DataFrame], before: Mapping[Run, int]) -> pl.DataFrame:
    """One frame of all runs' rows, with RUN in front and so many steps subtracted."""
    tagged = []
    for run, frame in frames.items():
        rows = frame.select(
            pl.lit(run.group).alias("group"),
            pl.lit(run.arm).alias("arm"),
            pl.lit(run.seed).alias("seed"),
            pl.col("step") - before[run],
            pl.all().exclude("step"),
        )
        tagged.append(rows)
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
