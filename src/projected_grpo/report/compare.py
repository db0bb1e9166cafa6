"""Runs that may stand in one table: read their evaluations and curves, refuse to mix what cannot be compared."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import polars as pl

from projected_grpo.cli import Refusal
from projected_grpo.rollouts.schema import read, step_files
from projected_grpo.runs.folder import Run, comparable_config

ARM_ORDER = ("rl_baseline", "vanilla", "project", "constrain", "random")
HACK, SOLVE = (
    "overwrite_tests",
    "no_hint",
)  # where hack rate and solve rate are measured, as in the benchmark
STEPS_APART = 0.1  # of the longest run: what limits.train_s leaves between runs of the same length on the same machine
EVAL_COLUMNS = ("step", "problem_id", "loophole", "strict", "loose", "gt_pass")
TRAIN_COLUMNS = ("step", "strict", "loose", "gt_pass")
DIAGNOSTICS = ("cos_pre", "cos_post", "chance", "leak", "seconds")
DIAGNOSTIC_KEY = re.compile(rf"(?:actor/)?constraint/({'|'.join(DIAGNOSTICS)})")


@dataclass(frozen=True)
class Comparison:
    """Finished, evaluated runs of one group that differ in arm and seed only.

    evals: a row a sample: arm, seed, EVAL_COLUMNS.
    train: a row a run and step: arm, seed, step, and the counts n, strict, loose, correct.
    diagnostics: a row a run and step: arm, seed, step and those of DIAGNOSTICS that were logged (no rows if none).
    facts: what all runs share, as a name and a value.
    steps: (arm, seed) -> training steps, which may differ by a tenth where a run was ended by the clock.
    """

    group: str
    runs: list[Run]
    evals: pl.DataFrame
    train: pl.DataFrame
    diagnostics: pl.DataFrame
    facts: dict[str, str]
    steps: dict[tuple[str, int], int]

    @property
    def arms(self) -> list[str]:
        found = {run.arm for run in self.runs}
        return [arm for arm in ARM_ORDER if arm in found] + sorted(found - set(ARM_ORDER))

    @property
    def warm_started(self) -> bool:
        return self.runs[0].manifest["warm_started"]

    def of(self, arm: str) -> list[Run]:
        return [run for run in self.runs if run.arm == arm]


def gather(runs: list[Run]) -> Comparison:
    """Read runs of one group. Raises Refusal naming what differs where they must not be compared."""
    evals = {run: read(run.path / "eval.parquet", EVAL_COLUMNS) for run in _by_name(runs)}
    steps = {run: _training_steps(run) for run in evals}
    facts = {run: _facts(run, evals[run], steps[run]) for run in evals}
    _refuse_mixture(facts)
    _refuse_mixed_arm(list(evals))
    last = {(run.arm, run.seed): steps[run]["step"].max() for run in evals}
    fewest, most = min(last.values()), max(last.values())
    if most - fewest > STEPS_APART * most:
        told = ", ".join(f"{arm}-s{seed} {n}" for (arm, seed), n in last.items())
        raise Refusal(
            f"runs of {runs[0].group} cannot be compared: training steps differ ({told}). Keep them in groups of their own"
        )
    return Comparison(
        group=runs[0].group,
        runs=list(evals),
        evals=_stack(evals),
        train=_stack(steps),
        diagnostics=_stack({run: _diagnostics(run) for run in evals}),
        facts=next(iter(facts.values()))
        | {"training steps": str(most) if fewest == most else f"{fewest} to {most}"},
        steps=last,
    )


def differing_config(a: Run, b: Run) -> dict[str, tuple[str, str]]:
    """Dotted config key -> (a's value, b's value) where the runs were configured differently, seeds and paths aside."""
    left, right = (comparable_config(run.config, run.path) for run in (a, b))
    keys = sorted(left.keys() | right.keys())
    return {
        key: (left.get(key, "-"), right.get(key, "-"))
        for key in keys
        if left.get(key) != right.get(key)
    }


def model_name(run: Run) -> str:
    """The model without the folder it lay in, which differs between machines."""
    return Path(run.manifest["model"]).name


def _by_name(runs: list[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: (run.arm, run.seed))


def _stack(frames: dict[Run, pl.DataFrame]) -> pl.DataFrame:
    """One frame of all runs' rows, with arm and seed in front."""
    tagged = [
        frame.select(pl.lit(run.arm).alias("arm"), pl.lit(run.seed).alias("seed"), pl.all())
        for run, frame in frames.items()
    ]
    return pl.concat(tagged, how="vertical_relaxed")


def _training_steps(run: Run) -> pl.DataFrame:
    """Counts by training step, from the labels themselves."""
    files = step_files(run.path)
    if not files:
        raise Refusal(
            f"{run.name} is done but has no rollouts/<step>.parquet: nothing to draw; remove it or run it again"
        )
    rows = pl.concat([read(files[step], TRAIN_COLUMNS) for step in sorted(files)])
    counts = rows.group_by("step").agg(
        pl.len().cast(pl.Int64).alias("n"),
        *(pl.col(c).sum().cast(pl.Int64) for c in ("strict", "loose")),
        pl.col("gt_pass").sum().cast(pl.Int64).alias("correct"),
    )
    return counts.sort("step")


def _facts(run: Run, evals: pl.DataFrame, steps: pl.DataFrame) -> dict[str, str]:
    """What must be equal between runs that are compared."""
    per_problem = evals.group_by("loophole", "problem_id").len()
    ids = json.dumps(per_problem.select("loophole", "problem_id").sort(pl.all()).rows())
    samples = {
        name: sorted(set(part["len"]))
        for (name,), part in per_problem.sort("loophole").group_by("loophole", maintain_order=True)
    }
    if ragged := [name for name, counts in samples.items() if len(counts) > 1]:
        raise Refusal(
            f"{run.name}: eval.parquet is uneven, samples differ by problem ({', '.join(ragged)}): evaluate it again"
        )
    if missing := {HACK, SOLVE} - samples.keys():
        raise Refusal(
            f"{run.name}: eval.parquet lacks {', '.join(sorted(missing))}: evaluate it again"
        )
    if (at := set(evals["step"])) != {steps["step"].max()}:
        raise Refusal(
            f"{run.name} trained to step {steps['step'].max()} but was evaluated at {sorted(at)}: evaluate it again"
        )
    evaluated = per_problem["problem_id"].n_unique()
    return {
        "model": model_name(run) + (" (warm-started)" if run.manifest["warm_started"] else ""),
        "problems": run.manifest["problems"],
        "evaluated problems": f"{evaluated} ({sha256(ids.encode()).hexdigest()[:8]})",
        "evaluation n": ", ".join(
            f"{counts[0]} a problem on {name}" for name, counts in samples.items()
        ),
    }


def _refuse_mixture(facts: dict[Run, dict[str, str]]) -> None:
    differing = []
    for key in next(iter(facts.values())):
        holders = defaultdict(list)
        for run, known in facts.items():
            holders[known[key]].append(run.path.name)
        if len(holders) > 1:
            told = "; ".join(f"{value}: {', '.join(names)}" for value, names in holders.items())
            differing.append(f"{key} differs ({told})")
    if differing:
        group = next(iter(facts)).group
        raise Refusal(
            f"runs of {group} cannot be compared: {'; '.join(differing)}. Keep them in groups of their own"
        )


def _refuse_mixed_arm(runs: list[Run]) -> None:
    """Seeds of an arm are pooled, so nothing but the seed may differ between them."""
    first = {}
    for run in runs:
        other = first.setdefault(run.arm, run)
        if run.manifest["config_hash"] != other.manifest["config_hash"]:
            keys = ", ".join(
                f"{key} ({a} / {b})"
                for key, (a, b) in list(differing_config(other, run).items())[:5]
            )
            raise Refusal(
                f"{other.name} and {run.name} are one arm but were configured differently: {keys}. Rename an arm"
            )


def _diagnostics(run: Run) -> pl.DataFrame:
    """The constraint's metrics by step. metrics.jsonl is verl's FileLogger's: {"step": 1, "data": {...}} a line."""
    file = run.path / "metrics.jsonl"
    rows = []
    for line in file.read_text().splitlines() if file.is_file() else ():
        logged = json.loads(line)
        # NaN reaches the file as null.
        named = {
            match[1]: value
            for key, value in logged["data"].items()
            if (match := DIAGNOSTIC_KEY.fullmatch(key))
        }
        found = {name: float(value) for name, value in named.items() if value is not None}
        if found:
            rows.append({"step": logged["step"], **found})
    return pl.DataFrame(rows, schema={"step": pl.Int64, **dict.fromkeys(DIAGNOSTICS, pl.Float64)})
