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

from projected_grpo.cli import Refusal
from projected_grpo.runs.comparable import config_hash
from projected_grpo.runs.files import in_turn, write_atomic
from projected_grpo.runs.lookup import open_run
from projected_grpo.runs.provenance import library_versions, source_state
from projected_grpo.runs.run import DEFINITION, ROLES, Run, now, write_manifest


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
    A run that did not finish is set aside under .unfinished/, never mixed with the new one.
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
        _make_way(path)
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
        run.finish(status)


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


def _make_way(path: Path) -> None:
    if (path / "manifest.json").exists():
        _set_aside(open_run(path))
    elif path.is_dir() and any(path.iterdir()):
        raise Refusal(
            f"{path} holds files and is no run: move it away, or choose another group or seed"
        )


def _set_aside(run: Run) -> None:
    if run.manifest["status"] == "done":
        raise Refusal(
            f"{run.path} holds a finished run: choose another group or seed, or move it away"
        )
    if is_alive(run):
        raise Refusal(
            f"{run.path} is being written by process {run.manifest['pid']}: "
            "wait for it, or choose another group"
        )
    mark = re.sub(r"[:+-]", "", run.manifest["started"])
    # Its manifest goes out of sight of `find`, so that a half run never enters a table.
    target = run.path.parent / ".unfinished" / f"{run.path.name}-{mark}"
    target.parent.mkdir(exist_ok=True)
    run.path.rename(target)
