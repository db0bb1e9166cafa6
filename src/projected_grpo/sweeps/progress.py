"""What is there of a study, read from its folders, and what of it nothing needs any more.

A run is done when its manifest says so, a set when its folder is there: so the same command goes on
where another one ended, on another machine too. outputs/<study>/jobs.jsonl has a line for each
process that ended: name, kind, status, seconds.
"""

import json
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from projected_grpo.runs import open_run, states
from projected_grpo.runs.folder import is_alive
from projected_grpo.runs.run import Run
from projected_grpo.sweeps import plan
from projected_grpo.sweeps.plan import Job
from projected_grpo.sweeps.study import Study

State = Literal["done", "running", "interrupted", "failed", "lost", "waiting", "ready"]
UNFINISHED = ".unfinished"
HACKS = "labels/blatant"
STRICT = "labels/strict"


@dataclass(frozen=True)
class Step:
    """A step of a run, and its shares of blatant and of strict hacks."""

    number: int
    blatant: float
    strict: float


def run_of(job: Job) -> Run | None:
    there = job.kind != "set" and (job.folder / "manifest.json").is_file()
    return open_run(job.folder) if there else None


def is_done(job: Job) -> bool:
    if job.kind == "set":
        return job.folder.is_dir()
    run = run_of(job)
    return run is not None and run.manifest["status"] == "done"


def state(job: Job) -> State:
    """lost: the branch point that it starts from is no longer there."""
    if is_done(job):
        return "done"
    run = run_of(job)
    if run and is_alive(run):
        return "running"
    absent = [need for need in job.needs if not need.exists()]
    if any(need.parent.name == states.FOLDER for need in absent):
        return "lost"
    if run:
        return "failed" if run.manifest["status"] == "failed" else "interrupted"
    return "waiting" if absent else "ready"


def steps(run: Path) -> list[Step]:
    found = []
    for entry in _read_lines(run / "metrics.jsonl"):
        data = entry["data"]
        if HACKS in data:
            found.append(Step(entry["step"], data[HACKS], data[STRICT]))
    return found


def branch_step(run: Path, at: float | None) -> int | None:
    """The first step with that share of blatant hacks, the last one for at=null, else None."""
    taken = steps(run)
    if at is None:
        return taken[-1].number
    return next((step.number for step in taken if step.blatant >= at), None)


def points(study: Study) -> dict[int, int]:
    """Finished sources that reached their branch point -> its step."""
    branch, reached = study.settings.branch, {}
    if branch is None:
        return reached
    for i, source in _sources(study).items():
        if is_done(source) and (step := branch_step(source.folder, branch.at)):
            reached[i] = step
    return reached


def jobs(study: Study) -> list[Job]:
    return chosen(study, plan.jobs(study, points(study)))


def chosen(study: Study, there: list[Job]) -> list[Job]:
    """All of these jobs, or the runs of the arms that are named, what those need, and sources."""
    if not study.only:
        return there
    by_folder = {job.folder: job for job in there}
    kept = {job for job in there if job.kind == "source" or job.arm in study.only}
    look_at = list(kept)
    while look_at:
        needed = {by_folder[need] for need in look_at.pop().needs if need in by_folder}
        look_at += needed - kept
        kept |= needed
    return [job for job in there if job in kept]


def next_source(study: Study, running: Collection[str], given_up: Collection[str]) -> Job | None:
    """The source that may start now: where more points are wanted, and there is room for a state.

    running, given_up: names of jobs. A point that is lost before its runs were done does not count.
    """
    branch = study.settings.branch
    if branch is None:
        return None
    sources = _sources(study)
    under_way = sum(source.name in running for source in sources.values())
    stands = [_standing(study, i, step, given_up) for i, step in points(study).items()]
    held = under_way + stands.count("open")
    wanted = branch.points - held - stands.count("complete")
    if wanted < 1 or held >= branch.held:
        return None
    for source in sources.values():
        if not (is_done(source) or source.name in running or source.name in given_up):
            return source
    return None


def tidy(study: Study, running: Collection[str], given_up: Collection[str]) -> None:
    """Removes weights and states that nothing needs any more; metrics and rollouts stay.

    Of runs that are done or given up the states, and final weights unless the study keeps them; of
    such a source all states but its branch point, and that and its weights as well once all runs
    from it have ended; those of what was set aside unfinished. What an interrupted one has stays:
    it goes on from there.
    """
    reached = points(study)
    for job in plan.jobs(study, reached):
        if job.kind == "set" or job.name in running:
            continue
        unfinished = job.folder.parent / UNFINISHED
        _remove(*unfinished.glob("*/ckpt"), *unfinished.glob(f"*/{states.FOLDER}"))
        if job.kind == "run" and (is_done(job) or job.name in given_up):
            _remove(job.folder / states.FOLDER)
            if not study.settings.keep_weights:
                _remove(job.folder / "ckpt")
    for i, source in _sources(study).items():
        if not (is_done(source) or source.name in given_up):
            continue
        kept = reached.get(i)
        if kept and _standing(study, i, kept, given_up) != "open":
            kept = None
        if kept is None:
            _remove(source.folder / "ckpt")
        for step in states.steps(source.folder):
            if step != kept:
                states.remove(source.folder, step)


def log_of(study: Study, job: Job) -> Path:
    """What its processes print, one after another."""
    return study.folder / "logs" / f"{job.name.replace('/', '-').replace(' ', '-')}.log"


def ended(study: Study) -> list[dict]:
    """The lines of jobs.jsonl."""
    return _read_lines(study.folder / "jobs.jsonl")


def note(study: Study, job: Job, status: int, seconds: float) -> None:
    line = {"name": job.name, "kind": job.kind, "status": status, "seconds": round(seconds, 1)}
    with open(study.folder / "jobs.jsonl", "a") as out:
        out.write(json.dumps(line) + "\n")


def seconds_of(study: Study, kind: str) -> float:
    """The longest that a job of the kind has taken here; 0 before the first has ended."""
    well = [entry for entry in ended(study) if (entry["kind"], entry["status"]) == (kind, 0)]
    return max((entry["seconds"] for entry in well), default=0.0)


def _read_lines(file: Path) -> list[dict]:
    """What a file of JSON lines holds; the last one may still be being written."""
    if not file.is_file():
        return []
    whole, _, _ = file.read_text().rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def _sources(study: Study) -> dict[int, Job]:
    made = [job for job in plan.jobs(study, {}) if job.kind == "source"]
    return dict(enumerate(made, 1))


def _standing(
    study: Study, i: int, step: int, given_up: Collection[str]
) -> Literal["complete", "open", "lost"]:
    """complete: all of a point's runs have ended, done or given up."""
    own = [job for job in plan.jobs(study, {i: step}) if job.point == i]
    left = [job for job in own if not (is_done(job) or job.name in given_up)]
    if not left:
        return "complete"
    return "open" if plan.state_folder(study, i, step).is_dir() else "lost"


def _remove(*folders: Path) -> None:
    for folder in folders:
        if folder.is_dir():
            shutil.rmtree(folder)
