"""Run folders: outputs/<group>/<arm>-s<seed>/, made at the start of a run and closed at its end.

A run holds manifest.json, config.yaml, metrics.jsonl (a line a step), rollouts/<step>.parquet,
eval.parquet, ckpt/, and states/ where it keeps any (`states`).
"""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml
from loguru import logger

from projected_grpo.cli import Refusal
from projected_grpo.runs import states
from projected_grpo.runs.comparable import config_hash
from projected_grpo.runs.files import in_turn, write_atomic
from projected_grpo.runs.lookup import open_run
from projected_grpo.runs.provenance import library_versions, source_state
from projected_grpo.runs.run import DEFINITION, ROLES, Run, now, write_manifest

# The final weights' folder: with them training is over.
CKPT = "ckpt"
# What must be equal for a run to go on: its settings, and what they name.
SAME = ("config_hash", "seed", "model", "shape", "from", "problems", "trained_on", "v_hack")
# What may differ between the processes of one run, and is recorded.
PROCESS = ("commit", "dirty", "device")


def create(
    root: Path,
    group: str,
    definition: dict,
    seed: int,
    *,
    config: dict,
    model: str,
    problems: str,
    taught: bool,
    v_hack: dict | None,
    device: str,
    shape: dict | None = None,
    trained_on: str | None = None,
    left_out: dict[str, int] | None = None,
    start: dict | None = None,
) -> Run:
    """Make outputs/<group>/<arm>-s<seed>/ with config.yaml and a manifest of status "running".

    definition: the arm's whole resolved config as plain data, with the keys of DEFINITION; its
        role is one of ROLES, and its name is the arm's.
    config: the whole resolved config as plain containers.
    problems: see `problem_set`.
    taught: whether the model had been fine-tuned before the study.
    v_hack: its manifest's summary, None for an arm without one.
    device: see `provenance.device_name`.
    shape: the model's, as `models.shape_of` has it.
    trained_on: the training problems, as `problem_set` has them. left_out: how many were not taken,
        by the setting.
    start: what the run goes on from, `states.Start.record`; None for the model's own weights.
    A run that did not finish goes on from its newest state (`Run.next_step`), where it is of the
    same settings. Else it is set aside under .unfinished/, never mixed with the new one.
    Raises Refusal where a finished run, one that another process writes, or anything else is in the
    way: results are not overwritten.
    """
    assert definition.keys() >= set(DEFINITION), f"a definition has {DEFINITION}"
    assert definition["role"] in ROLES, f"role {definition['role']!r}: expected one of {ROLES}"
    arm = definition["name"]
    for name in (group, arm):
        if not re.fullmatch(r"\w[\w.+-]*", name):
            raise Refusal(
                f"{name!r} cannot name a folder: use letters, digits and . + - _ in groups and arms"
            )
    path = Path(root) / group / f"{arm}-s{seed}"
    commit, dirty = source_state()
    manifest = {
        "kind": "run",
        "group": group,
        "arm": arm,
        "definition": definition,
        "seed": seed,
        "status": "running",
        "started": now(),
        "ended": None,
        "failure": None,
        "commit": commit,
        "dirty": dirty,
        "config": "config.yaml",
        "config_hash": config_hash(config, path, seed),
        "device": device,
        "model": model,
        "shape": shape,
        "from": start,
        "problems": problems,
        "trained_on": trained_on,
        "left_out": left_out,
        "taught": taught,
        "v_hack": v_hack,
        "libraries": library_versions(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # of two that start at once, the second finds the manifest of the first
    with in_turn(path.parent / ".lock"):
        _refuse_what_stands(path)
        if old := _resumable(path, manifest):
            return _resume(old, manifest)
        _set_aside(path)
        path.mkdir(exist_ok=True)
        text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
        write_atomic(path / "config.yaml", text)
        return write_manifest(path, manifest)


@contextmanager
def recording(run: Run) -> Iterator[Run]:
    """Mark the run "done" when the body ends and "failed" when it raises, by an interrupt too.

    The exception goes on.
    """
    status = "failed"
    try:
        yield run
        status = "done"
    finally:
        # as its process left the manifest
        open_run(run.path).finish(status)


def is_alive(run: Run) -> bool:
    """Whether another process of this machine is still at the run."""
    pid = run.manifest["pid"]
    running = run.manifest["status"] == "running"
    here = run.manifest["host"] == socket.gethostname()
    return running and here and pid != os.getpid() and lives(pid)


def lives(pid: int) -> bool:
    """Whether the process is at work: one that has ended may stand until its parent asks."""
    with suppress(FileNotFoundError, ProcessLookupError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] != "Z"
    return False


def _refuse_what_stands(path: Path) -> None:
    if not (path / "manifest.json").exists():
        if path.is_dir() and any(path.iterdir()):
            raise Refusal(
                f"{path} holds files and is no run: move it away, or choose another group or seed"
            )
        return
    run = open_run(path)
    if run.manifest["status"] == "done":
        raise Refusal(
            f"{run.path} holds a finished run: choose another group or seed, or move it away"
        )
    if is_alive(run):
        raise Refusal(
            f"{run.path} is being written by process {run.manifest['pid']}: "
            "wait for it, or choose another group"
        )


def _resumable(path: Path, manifest: dict) -> Run | None:
    """The unfinished run of these settings, where it kept a state or its final weights."""
    if not (states.steps(path) or (path / CKPT).is_dir()):
        return None
    old = open_run(path)
    differing = [key for key in SAME if old.manifest.get(key) != manifest[key]]
    if not differing:
        return old
    logger.warning(
        f"{path} is unfinished and of other settings ({', '.join(differing)}): it is set aside"
    )
    return None


def _resume(old: Run, manifest: dict) -> Run:
    """What it wrote after its newest state goes; after its last step only evaluation is left."""
    held, is_trained = states.steps(old.path), (old.path / CKPT).is_dir()
    step = old.config["trainer"]["total_training_steps"] if is_trained else held[-1]
    if not is_trained:
        states.cut(old.path, step, old.first_step)
    again = {"step": step, "at": manifest["started"]}
    again |= {key: manifest[key] for key in PROCESS}
    now_at_work = {key: manifest[key] for key in ("status", "ended", "failure", "host", "pid")}
    resumed = [*old.manifest.get("resumed", []), again]
    return write_manifest(old.path, {**old.manifest, **now_at_work, "resumed": resumed})


def _set_aside(path: Path) -> None:
    if not (path / "manifest.json").exists():
        return
    run = open_run(path)
    mark = re.sub(r"[:+-]", "", run.manifest["started"])
    # Its manifest goes out of sight of `find`, so that a half run never enters a table.
    target = run.path.parent / ".unfinished" / f"{run.path.name}-{mark}"
    target.parent.mkdir(exist_ok=True)
    run.path.rename(target)
