"""Seconds of a training step, ours beside verl as it comes, on this machine.

Both train the same model on the same prompts through the same vLLM; the first two steps warm up and
are left out. Runs stay in outputs/bench.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from projected_grpo import cli
from projected_grpo.cli import Refusal, option, overrides

# Stock is verl's own trainer and agent loop too, without gradient checkpointing.
OVERRIDES = {
    "ours": [],
    "stock": [
        "fast=false",
        "trainer.v1.trainer_mode=stock",
        "actor_rollout_ref.model.enable_gradient_checkpointing=false",
        "actor_rollout_ref.rollout.agent.default_agent_loop=single_turn_agent",
    ],
}
WARM_UP = 2
# In the group's folder, of the one run in it.
METRICS = "*/metrics.jsonl"
# verl's metric -> what the table calls it
COLUMNS = {
    "timing_s/gen": "generation and grading s",
    "timing_s/old_log_prob": "old log-prob s",
    "timing_s/update_actor": "update s",
    "timing_s/update_weights": "weights to vLLM s",
    "timing_s/step": "step s",
    "perf/throughput": "tokens/s",
    "perf/mfu/actor": "MFU of the update",
    "actor/perf/max_memory_allocated_gb": "peak GB of the update",
}


def summary(metrics: Path) -> dict[str, float]:
    """Medians over the steps after the warm-up, of what they logged. ValueError without steps."""
    lines = metrics.read_text().splitlines()
    steps = [json.loads(line)["data"] for line in lines[WARM_UP:]]
    if not steps:
        raise ValueError(f"{metrics} holds no step after the first {WARM_UP}")
    medians = {}
    for key, name in COLUMNS.items():
        if logged := [step[key] for step in steps if key in step]:
            medians[name] = statistics.median(logged)
    return medians


def run(stack: str, steps: int, overrides: Sequence[str], outputs: Path) -> dict[str, float]:
    """Trains `steps` steps in a process of its own.

    Adds to the summary the seconds from its start to the first step's begin, and that step's.
    """
    group = outputs / f"bench-{stack}"
    command = [sys.executable, "-m", "projected_grpo.train", "eval.n=0"]
    command += [f"group=bench-{stack}", f"outputs={outputs}"]
    command += [f"trainer.total_training_steps={steps}", *OVERRIDES[stack], *overrides]
    first = None
    start = time.monotonic()
    log = outputs / f"{stack}.log"
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        while process.poll() is None:
            time.sleep(0.2)
            if first is None and any(file.stat().st_size for file in group.glob(METRICS)):
                first = time.monotonic() - start
    if process.returncode:
        last = log.read_text().rstrip().rpartition("\n")[2].removeprefix("projected_grpo: ")
        raise Refusal(f"the {stack} run failed ({last}): see {log}")
    (metrics,) = group.glob(METRICS)
    step = json.loads(metrics.read_text().splitlines()[0])["data"]["timing_s/step"]
    return {"start-up s": first - step, "first step s": step, **summary(metrics)}


@cli.settings
class Settings:
    steps: int = option("of each", 8, least=WARM_UP + 1)
    only: str | None = option("one of the two", None, choices=tuple(OVERRIDES))
    overrides: tuple[str, ...] = overrides("any hydra override, for both")


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    steps, overrides = settings.steps, settings.overrides
    stacks = [settings.only] if settings.only else list(OVERRIDES)
    outputs = Path("outputs/bench") / time.strftime("%Y%m%d-%H%M%S")
    outputs.mkdir(parents=True)
    results = {stack: run(stack, steps, overrides, outputs.resolve()) for stack in stacks}
    (outputs / "step.json").write_text(json.dumps(results, indent=1) + "\n")
    rows = []
    for name in dict.fromkeys(name for stack in stacks for name in results[stack]):
        rows.append([name, *(results[stack].get(name) for stack in stacks)])
    print(tabulate(rows, ["", *stacks], floatfmt=".3g"))


if __name__ == "__main__":
    main(sys.argv[1:])
