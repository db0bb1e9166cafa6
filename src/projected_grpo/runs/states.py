"""States of a run: what another run can go on from, in states/global_step_<step>/.

A state holds weights, optimizer, schedule and the place in the data, as verl saves them.
state.json is written last: a folder without it is no state.
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from projected_grpo.cli import Refusal
from projected_grpo.runs.files import write_atomic
from projected_grpo.runs.folder import is_alive
from projected_grpo.runs.lookup import resolve
from projected_grpo.runs.run import Run

FOLDER = "states"
WHOLE = "state.json"
NONE = "it kept none: train it with states.every=1"


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
        return folder(self.run.path, self.step).resolve()

    @property
    def record(self) -> dict:
        """For the manifest of the run that goes on."""
        kept = ("commit", "dirty", "arm", "seed", "config_hash")
        origin = {key: self.run.manifest[key] for key in kept}
        return {"run": self.run.name, "step": self.step, **origin}


def folder(run: Path, step: int) -> Path:
    """Where verl puts the state after the step, for the run folder at `run`."""
    return run / FOLDER / f"global_step_{step}"


def steps(run: Path) -> list[int]:
    """The steps of whole states, in order, of the run folder at `run`."""
    whole = (run / FOLDER).glob(f"global_step_*/{WHOLE}")
    return sorted(json.loads(file.read_text())["step"] for file in whole)


def complete(run: Path, step: int) -> None:
    """Says that the state is whole."""
    write_atomic(folder(run, step) / WHOLE, json.dumps({"step": step}) + "\n")


def make_room(run: Path, last: int, kept: set[int]) -> None:
    """Before one more state: removes all but the newest `last` - 1 and those of `kept` steps."""
    passing = [step for step in steps(run) if step not in kept]
    for step in passing[: len(passing) - last + 1]:
        # first of all, so that what is half removed is no state
        (folder(run, step) / WHOLE).unlink()
        shutil.rmtree(folder(run, step))


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
    held = steps(run.path)
    if int(step) not in held:
        there_are = f"choose one of {', '.join(map(str, held))}" if held else NONE
        raise Refusal(f"from={text}: {run.name} has no state after step {step}: {there_are}")
    return Start(run, int(step))
