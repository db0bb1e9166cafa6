"""A run: its folder and the manifest.json that says what produced it.

The manifest is the only source of what a report says about a run. It is written at the start and
replaced atomically.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from projected_grpo.cli import Refusal
from projected_grpo.runs.files import write_atomic

STATUSES = ("running", "done", "failed")
# reference: what others are compared with. ceiling: what could be reached without a loophole.
Role = Literal["reference", "treatment", "control", "ceiling"]
ROLES = get_args(Role)
# The keys of an arm.
DEFINITION = ("name", "hypothesis", "role", "control_of", "loophole", "interventions")


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
    def definition(self) -> dict[str, Any]:
        """The arm's whole resolved config."""
        return self._since_roles("definition")

    @property
    def role(self) -> str:
        """One of ROLES."""
        return self.definition["role"]

    @property
    def control_of(self) -> str | None:
        """The treatment whose control the arm is."""
        return self.definition["control_of"]

    @property
    def start(self) -> str:
        """What it started from: the model's own weights, or another run's state, RUN@STEP."""
        start = self.manifest.get("from")
        return f"{start['run']}@{start['step']}" if start else "the model"

    @property
    def first_step(self) -> int:
        """The number of its first training step: a branch goes on with its source's."""
        start = self.manifest.get("from")
        return start["step"] + 1 if start else 1

    @property
    def next_step(self) -> int:
        """The number of the next training step, where it goes on after it was killed or failed."""
        again = self.manifest.get("resumed")
        return again[-1]["step"] + 1 if again else self.first_step

    @property
    def taught(self) -> bool:
        """Whether the model had been fine-tuned before the study."""
        return self._since_roles("taught")

    @property
    def commit(self) -> str:
        """Short commit; "+dirty" when the tree held changes that the commit does not."""
        return self.manifest["commit"][:10] + ("+dirty" if self.manifest["dirty"] else "")

    # verl's config is long: reading it once takes longer than all else that a report reads.
    @cached_property
    def config(self) -> dict[str, Any]:
        return yaml.safe_load((self.path / self.manifest["config"]).read_text())

    def _since_roles(self, key: str) -> Any:
        """Raises Refusal for a run that is older than the key."""
        if key not in self.manifest:
            raise Refusal(
                f"{self.name} was made before arms had roles: "
                f"run it again, or report it with commit {self.commit}"
            )
        return self.manifest[key]

    def record_failure(self, failure: str | None) -> "Run":
        """failure: what it ends with, in one line, where that is known."""
        return write_manifest(self.path, {**self.manifest, "failure": failure})

    def finish(self, status: str) -> "Run":
        """Write the status ("done" or "failed") and the end time."""
        assert status in STATUSES[1:], f"status {status!r}: expected done or failed"
        return write_manifest(self.path, {**self.manifest, "status": status, "ended": now()})


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_manifest(file: Path) -> dict[str, Any]:
    """Raises Refusal if it is not JSON."""
    try:
        return json.loads(file.read_text())
    except ValueError as error:
        raise Refusal(f"{file} is not JSON ({error}): restore it, or remove its folder") from None


def write_manifest(path: Path, manifest: dict[str, Any]) -> Run:
    """Replace the manifest of the run folder at `path`."""
    write_atomic(path / "manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    return Run(path, manifest)
