"""The table of a study: where each of its jobs stands."""

from datetime import UTC, datetime

from tabulate import tabulate

from projected_grpo.sweeps import progress
from projected_grpo.sweeps.plan import Job
from projected_grpo.sweeps.study import Study

COLUMNS = ("job", "arm", "seed", "point", "state", "step", "blatant %", "seconds")


def rows(study: Study) -> list[tuple]:
    """A job a row, as COLUMNS; sources that were not started yet and runs from them have none."""
    took = {entry["name"]: entry["seconds"] for entry in progress.ended(study)}
    shown = [job for job in progress.jobs(study) if job.kind != "source" or job.folder.is_dir()]
    return [_row(job, took.get(job.name)) for job in shown]


def text(study: Study) -> str:
    runs = [job for job in progress.jobs(study) if job.kind == "run"]
    done = sum(progress.is_done(job) for job in runs)
    settings, branch = study.settings, study.settings.branch
    rounds = branch.points * branch.replicates if branch else len(settings.seeds)
    table = tabulate(rows(study), COLUMNS, floatfmt=".1f", missingval="")
    counted = f"{done} of {rounds * len(study.arms)} runs done"
    return f"{study.name}: {counted}\n{study.about}\n\n{table}\n"


def _row(job: Job, seconds: float | None) -> tuple:
    steps = progress.steps(job.folder)
    newest = steps[-1] if steps else None
    return (
        job.kind if job.kind != "set" else job.name,
        job.arm,
        job.seed,
        job.point,
        progress.state(job),
        newest.number if newest else None,
        100 * newest.blatant if newest else None,
        _since_start(job) if seconds is None else seconds,
    )


def _since_start(job: Job) -> float | None:
    run = progress.run_of(job)
    if run is None:
        return None
    began, ended = run.manifest["started"], run.manifest["ended"]
    end = datetime.fromisoformat(ended) if ended else datetime.now(UTC)
    return (end - datetime.fromisoformat(began)).total_seconds()
