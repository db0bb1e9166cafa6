"""Where a run starts: from=RUN@STEP, a state that another run kept."""

import re
from dataclasses import dataclass
from pathlib import Path

from projected_grpo.cli import Refusal
from projected_grpo.runs import states
from projected_grpo.runs.folder import is_alive
from projected_grpo.runs.lookup import resolve
from projected_grpo.runs.run import Run

NONE = "it kept none: train it with save_every=1"


@dataclass(frozen=True, eq=False)
class Start:
    """Where a run goes on from: another run's state after a step."""

    run: Run
    step: int

    @property
    def name(self) -> str:
        return f"{self.run.name}@{self.step}"

    @property
    def folder(self) -> Path:
        return states.folder(self.run.path, self.step).resolve()

    @property
    def record(self) -> dict:
        """For the manifest of the run that goes on."""
        kept = ("commit", "dirty", "arm", "seed", "config_hash")
        origin = {key: self.run.manifest[key] for key in kept}
        return {"run": self.run.name, "step": self.step, **origin}


def find(text: str, root: Path) -> Start:
    """The state that from=RUN@STEP names; RUN is a path, or a name under `root`.

    Raises Refusal where there is none, with the steps that there are, and where the run goes on and
    may remove it.
    """
    name, _, step = text.rpartition("@")
    if not re.fullmatch(r".+@\d+", text):
        raise Refusal(f"from={text}: expected RUN@STEP, a run's name or folder and a step")
    run = resolve(name, root)
    if is_alive(run):
        raise Refusal(
            f"from={text}: {run.name} is being written by process {run.manifest['pid']} and may "
            "remove its states: wait for it"
        )
    held = states.steps(run.path)
    if int(step) not in held:
        there_are = f"choose one of {', '.join(map(str, held))}" if held else NONE
        raise Refusal(f"from={text}: {run.name} has no state after step {step}: {there_are}")
    return Start(run, int(step))
