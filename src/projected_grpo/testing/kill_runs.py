"""Kills real tiny runs at random moments with -9, and goes on with each by the same command.

just kill-runs [moments=20] [seed=1] [out=outputs/kill-runs]. What is killed is any process of the
run: the command, its trainer, vLLM, the reward's or the actor's worker, Ray's own. A table of what
was killed, what the command then said, and what was left.
"""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

from loguru import logger
from tabulate import tabulate

from projected_grpo import cli, console, runs
from projected_grpo.cli import option
from projected_grpo.runs import states
from projected_grpo.testing import killed

STEPS = 4
# Seconds from the command on within which a run is killed: start-up, steps, evaluation.
WITHIN = 90.0
# Seconds in which a command ends, whatever it lost: without Ray's monitors it goes on to its end.
ENDS = 300.0
COLUMNS = ("killed", "at s", "steps", "states", "the command said", "ended after s", "left")


@cli.settings
class Settings:
    moments: int = option("how many kills", 20, least=1)
    seed: int = option("of moments and victims", 1)
    out: Path = option("an outputs folder of its own", Path("outputs/kill-runs"))


def command(out: Path, seed: int) -> list[str]:
    words = ["scale=tiny", "save_every=1", "keep=1", "eval_every=2", "group=killed"]
    words += [f"seed={seed}", f"outputs={out}", f"trainer.total_training_steps={STEPS}"]
    return [sys.executable, "-m", "projected_grpo.train", *words]


def taken(run: Path) -> list[int]:
    """The steps that the run has metrics of, in the file's order."""
    file = run / "metrics.jsonl"
    lines = file.read_text().rpartition("\n")[0].splitlines() if file.exists() else []
    return [json.loads(line)["step"] for line in lines]


def kill_one(out: Path, seed: int, draw: random.Random) -> tuple | None:
    """A row of the table; None where the run was done before its moment came."""
    run, mark = out / "killed" / f"vanilla-s{seed}", f"{out}-{seed}-{draw.random()}"
    moment, began = draw.uniform(0, WITHIN), time.monotonic()
    errors = out / "errors.txt"
    errors.unlink(missing_ok=True)
    with killed.started(command(out, seed), mark, errors) as process:
        while process.poll() is None and time.monotonic() - began < moment:
            time.sleep(0.2)
        if process.poll() is not None:
            assert process.returncode == 0, killed.said(errors)
            return None
        victim, name = draw.choice(sorted(killed.processes(mark).items()))
        steps, held = taken(run), states.steps(run)
        killed.kill(victim)
        at, began = time.monotonic() - began, time.monotonic()
        process.wait(ENDS)
    left = killed.left(mark)
    row = (name[-60:], f"{at:.0f}", steps, held, killed.said(errors)[-90:])
    return *row, f"{time.monotonic() - began:.0f}", list(left.values())


def main(argv: list[str]) -> str:
    settings = cli.read(Settings, argv)
    out, draw = settings.out.resolve(), random.Random(settings.seed)
    out.mkdir(parents=True, exist_ok=True)
    rows, seed = [], 1
    while len(rows) < settings.moments:
        if row := kill_one(out, seed, draw):
            rows.append(row)
            logger.info(str(row))
        if is_done(out, seed):
            check(out, seed)
            seed += 1
    if (out / "killed" / f"vanilla-s{seed}").exists():
        # to its end, whatever was killed
        done = subprocess.run(command(out, seed), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        check(out, seed)
    return tabulate(rows, COLUMNS, tablefmt="github")


def is_done(out: Path, seed: int) -> bool:
    folder = out / "killed" / f"vanilla-s{seed}"
    there = (folder / "manifest.json").exists()
    return there and runs.open_run(folder).manifest["status"] == "done"


def check(out: Path, seed: int) -> None:
    """A run that was killed any number of times is like one that was not."""
    run = runs.open_run(out / "killed" / f"vanilla-s{seed}")
    assert taken(run.path) == list(range(1, STEPS + 1))
    assert states.steps(run.path) == [STEPS]
    again = [entry["step"] for entry in run.manifest.get("resumed", [])]
    console.say(f"seed {seed} is done, gone on after steps {again}")


if __name__ == "__main__":
    console.command(main)
