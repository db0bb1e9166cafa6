"""What must be equal between runs that stand in one table."""

import json
from hashlib import sha256
from pathlib import Path

import polars as pl

from projected_grpo.cli import Refusal
from projected_grpo.report import wordings
from projected_grpo.runs.run import Run


def facts(run: Run, evals: pl.DataFrame, last_step: int) -> dict[str, str]:
    """Name -> value. evals: a row a sample of the run's evaluation, after its last step, or none.

    Raises Refusal for an evaluation that is uneven, lacks a wording, or is of another step.
    """
    loophole = wordings.trained_for(run)
    known = {
        "model": model_name(run) + (" (taught)" if run.taught else ""),
        "start": run.start,
        "problems": run.manifest["problems"],
        "loophole": loophole,
    }
    if evals.is_empty():
        return {**known, "evaluated problems": "none", "evaluation n": "none"}
    per_problem = evals.group_by("loophole", "problem_id").len()
    samples = _samples_a_problem(run, per_problem)
    if missing := {loophole, wordings.CLEAN} - samples.keys():
        raise Refusal(
            f"{run.name}: eval.parquet lacks {', '.join(sorted(missing))}: evaluate it again"
        )
    steps = set(evals["step"])
    if steps != {last_step}:
        raise Refusal(
            f"{run.name} trained to step {last_step} but was evaluated at {sorted(steps)}: "
            "evaluate it again"
        )
    ids = json.dumps(per_problem.select("loophole", "problem_id").sort(pl.all()).rows())
    evaluated = per_problem["problem_id"].n_unique()
    counts = [f"{n} a problem on {name}" for name, n in samples.items()]
    return {
        **known,
        "evaluated problems": f"{evaluated} ({sha256(ids.encode()).hexdigest()[:8]})",
        "evaluation n": ", ".join(counts),
    }


def model_name(run: Run) -> str:
    """The model without the folder it lay in, which differs between machines."""
    return Path(run.manifest["model"]).name


def _samples_a_problem(run: Run, per_problem: pl.DataFrame) -> dict[str, int]:
    """Wording -> samples of each of its problems."""
    samples, ragged = {}, []
    by_wording = per_problem.sort("loophole").group_by("loophole", maintain_order=True)
    for (name,), problems in by_wording:
        samples[name] = problems["len"][0]
        if problems["len"].n_unique() > 1:
            ragged.append(name)
    if ragged:
        raise Refusal(
            f"{run.name}: eval.parquet is uneven, samples differ by problem "
            f"({', '.join(ragged)}): evaluate it again"
        )
    return samples
