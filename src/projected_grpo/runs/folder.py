"""Run folders: outputs/<group>/<arm>-s<seed>/ and the manifest.json that says what produced them.

A run holds manifest.json, config.yaml, metrics.jsonl (a line a step), rollouts/<step>.parquet, eval.parquet and ckpt/.
The manifest is the only source of what a report says about a run: it is written at the start and replaced atomically.
"""

import hashlib
import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from projected_grpo.cli import Refusal
from projected_grpo.runs.files import write_atomic
from projected_grpo.runs.provenance import library_versions, source_state

STATUSES = ("running", "done", "failed")


@dataclass(frozen=True, eq=False)
class Run:
    """A run folder and its manifest as last written."""

    path: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.group}/{self.path.name}"

    @property
    def group(self) -> str:
        return self.manifest["group"]

    @property
    def arm(self) -> str:
        return self.manifest["arm"]

    @property
    def seed(self) -> int:
        return self.manifest["seed"]

    @property
    def commit(self) -> str:
        """Short commit; "+dirty" when the tree held changes that the commit does not."""
        return self.manifest["commit"][:10] + ("+dirty" if self.manifest["dirty"] else "")

    @property
    def config(self) -> dict[str, Any]:
        return yaml.safe_load((self.path / self.manifest["config"]).read_text())

    def finish(self, status: str) -> "Run":
        """Write the status ("done" or "failed") and the end time."""
        assert status in STATUSES[1:], f"status {status!r}: expected done or failed"
        return _write(self.path, {**self.manifest, "status": status, "ended": now()})


def create(
    root: Path,
    group: str,
    arm: str,
    seed: int,
    *,
    config: dict,
    model: str,
    problems: str,
    warm_started: bool,
    v_hack: dict | None,
    device: str,
) -> Run:
    """Make outputs/<group>/<arm>-s<seed>/ with config.yaml and a manifest of status "running".

    config: the whole resolved config as plain containers. problems: see `problem_set`. v_hack: its manifest's summary,
    None for an arm without one. device: see `provenance.device_name`.
    A run that did not finish is set aside under .unfinished/, never mixed with the new one.
    Raises Refusal where a finished run is in the way: results are not overwritten.
    """
    if odd := [name for name in (group, arm) if not re.fullmatch(r"\w[\w.+-]*", name)]:
        raise Refusal(
            f"{odd[0]!r} cannot name a folder: use letters, digits and . + - _ in groups and arms"
        )
    path = Path(root) / group / f"{arm}-s{seed}"
    if (path / "manifest.json").exists():
        _set_aside(load(path))
    path.mkdir(parents=True, exist_ok=True)
    write_atomic(path / "config.yaml", yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    commit, dirty = source_state()
    settings = json.dumps(comparable_config(config, path), sort_keys=True)
    return _write(
        path,
        {
            "kind": "run",
            "group": group,
            "arm": arm,
            "seed": seed,
            "status": "running",
            "started": now(),
            "ended": None,
            "commit": commit,
            "dirty": dirty,
            "config": "config.yaml",
            "config_hash": _digest(settings),
            "device": device,
            "model": model,
            "problems": problems,
            "warm_started": warm_started,
            "v_hack": v_hack,
            "libraries": library_versions(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
        },
    )


@contextmanager
def recording(run: Run) -> Iterator[Run]:
    """Mark the run "done" when the body ends and "failed" when it raises (an interrupt too); the exception goes on."""
    status = "failed"
    try:
        yield run
        status = "done"
    finally:
        run.finish(status)


def load(path: Path) -> Run:
    """Read a run folder. Raises Refusal if there is no manifest of a run in it."""
    file = Path(path) / "manifest.json"
    if not file.is_file():
        raise Refusal(f"{path} is not a run: it has no manifest.json")
    manifest = _read(file)
    if manifest.get("kind") != "run":
        raise Refusal(f"{path} is not a run: its manifest.json describes something else")
    return Run(Path(path), manifest)


def find(root: Path) -> list[Run]:
    """Every run under `root` (an outputs folder, a group, or one run), of any status, by name."""
    files = [
        file for depth in ("", "*/", "*/*/") for file in Path(root).glob(f"{depth}manifest.json")
    ]
    known = [Run(file.parent, _read(file)) for file in files]
    # A direction keeps a manifest.json too: only those of runs count.
    return sorted(
        (run for run in known if run.manifest.get("kind") == "run"), key=lambda run: run.name
    )


def resolve(name: str, root: Path = Path("outputs")) -> Run:
    """The run at path `name`, or the only one under `root` called <group>/<arm>-s<seed> or <arm>-s<seed>.

    Raises Refusal for a name that fits no run or several.
    """
    if (Path(name) / "manifest.json").is_file():
        return load(Path(name))
    known = find(root)
    hits = [run for run in known if name in (run.name, run.path.name)]
    if len(hits) == 1:
        return hits[0]
    choice = (
        f"name one of {', '.join(run.name for run in hits or known)}"
        if known
        else "there is no run at all"
    )
    raise Refusal(f"{len(hits) or 'no'} runs called {name!r} under {root}: {choice}")


def problem_set(source: str, hashes: list[str]) -> str:
    """What a run was trained and evaluated on, as one comparable line; hashes: each problem's `hash`, in any order."""
    return f"{source}, {len(hashes)} problems, {_digest(chr(10).join(sorted(hashes)))[:8]}"


def comparable_config(config: dict, path: Path) -> dict[str, str]:
    """Dotted key -> JSON value, without what must differ between an arm's seeds: the seeds, the run's path and name."""
    flat: dict[str, str] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else str(key), inner)
        elif not prefix.rpartition(".")[2].endswith("seed"):
            text = json.dumps(value, default=str, sort_keys=True)
            flat[prefix] = (
                text.replace(str(path.resolve()), "RUN")
                .replace(str(path), "RUN")
                .replace(path.name, "RUN")
            )

    walk("", config)
    return flat


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read(file: Path) -> dict[str, Any]:
    try:
        return json.loads(file.read_text())
    except ValueError as error:
        raise Refusal(f"{file} is not JSON ({error}): restore it, or remove its folder") from None


def _write(path: Path, manifest: dict[str, Any]) -> Run:
    write_atomic(path / "manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    return Run(path, manifest)


def _alive(run: Run) -> bool:
    """Whether another process of this machine is still at the run."""
    pid, here = run.manifest["pid"], run.manifest["host"] == socket.gethostname()
    return (
        run.manifest["status"] == "running"
        and here
        and pid != os.getpid()
        and Path(f"/proc/{pid}").exists()
    )


def _set_aside(run: Run) -> None:
    if run.manifest["status"] == "done":
        raise Refusal(
            f"{run.path} holds a finished run: choose another group or seed, or move it away"
        )
    if _alive(run):
        raise Refusal(
            f"{run.path} is being written by process {run.manifest['pid']}: wait for it, or choose another group"
        )
    mark = run.manifest["started"].translate({ord(c): None for c in ":-+"})
    # Its manifest goes out of sight of `find`, so that a half run never enters a table.
    target = run.path.parent / ".unfinished" / f"{run.path.name}-{mark}"
    target.parent.mkdir(exist_ok=True)
    run.path.rename(target)
