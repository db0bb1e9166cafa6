"""The table of a study: where each of its jobs stands, and how long the rest may take."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO

from tabulate import tabulate

from projected_grpo.sweeps import progress
from projected_grpo.sweeps.plan import Job
from projected_grpo.sweeps.study import Study, hypothesis

COLUMNS = (
    "job",
    "arm",
    "seed",
    "point",
    "state",
    "step",
    "blatant %",
    "strict %",
    "seconds",
    "left",
)
# To the upper left, and what stands from there on goes.
CLEAR = "\033[H\033[J"


def show(study: Study, out: IO[str], goes_on: Callable[[], bool], every: float = 2.0) -> None:
    """Writes the table; on a terminal again and again while the study goes on, or to Ctrl-C."""
    with suppress(KeyboardInterrupt):
        while out.isatty() and goes_on():
            print(CLEAR + text(study), file=out, flush=True)
            time.sleep(every)
    print(text(study), file=out)


def text(study: Study) -> str:
    runs = [job for job in progress.jobs(study) if job.kind == "run"]
    done = sum(progress.is_done(job) for job in runs)
    counted = f"{done} of {_planned(study)} runs done"
    if left := _all_left(study, done):
        counted += f", some {left / 60:.0f} min left"
    table = tabulate(rows(study), COLUMNS, floatfmt=".1f", missingval="")
    said = [f"{arm}: {hypothesis(study, arm)}" for arm in study.chosen]
    lines = [f"{study.name}: {counted}", study.about, *said, "", table, ""]
    return "\n".join(lines)


def rows(study: Study) -> list[tuple]:
    """A job a row, as COLUMNS; sources that were not started yet and runs from them have none."""
    shown = [job for job in progress.jobs(study) if job.kind != "source" or job.folder.is_dir()]
    return [_row(study, job) for job in shown]


def _row(study: Study, job: Job) -> tuple:
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
        100 * newest.strict if newest else None,
        _seconds(study, job),
        _left(study, job),
    )


def _seconds(study: Study, job: Job) -> float | None:
    """Of the try at work, else of the last that ended; of a run moved here, by its manifest."""
    took = {entry["name"]: entry["seconds"] for entry in progress.ended(study)}
    running = progress.state(job) == "running"
    if job.name in took and not running:
        return took[job.name]
    run = progress.run_of(job)
    if run is None:
        return None
    began, ended = run.manifest["started"], run.manifest["ended"]
    # nobody saw when an interrupted one did
    if not (ended or running):
        return None
    end = datetime.fromisoformat(ended) if ended else datetime.now(UTC)
    return (end - datetime.fromisoformat(began)).total_seconds()


def _left(study: Study, job: Job) -> float | None:
    """Seconds of a job at work: by the longest of its kind, before one has ended by its steps."""
    if progress.state(job) != "running":
        return None
    seconds, longest = _seconds(study, job), progress.seconds_of(study, job.kind)
    if longest:
        return max(0.0, longest - seconds)
    taken, steps = len(progress.steps(job.folder)), study.settings.steps
    if job.kind == "source":
        steps = study.settings.branch.within
    return seconds * max(0, steps - taken) / taken if taken else None


def _all_left(study: Study, done: int) -> float | None:
    """Seconds until all runs have ended, as many at once as now; None while none can be counted."""
    at_work = [job for job in progress.jobs(study) if progress.state(job) == "running"]
    left = [_left(study, job) for job in at_work if job.kind == "run"]
    longest = progress.seconds_of(study, "run")
    if not left or not longest:
        return None
    waiting = _planned(study) - done - len(left)
    return (sum(left) + waiting * longest) / len(left)


def _planned(study: Study) -> int:
    settings, branch = study.settings, study.settings.branch
    rounds = branch.points * branch.replicates if branch else len(settings.seeds)
    return rounds * len(study.chosen)
