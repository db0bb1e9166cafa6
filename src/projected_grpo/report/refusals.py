"""Mixtures of runs that no table may hold, each refused in one line that names what differs."""

from collections import defaultdict

from projected_grpo.cli import Refusal
from projected_grpo.report.differences import (
    differing_config,
    differing_within_an_arm,
    first_five,
    unexplained,
)
from projected_grpo.runs.run import Run

# Settings in which branch points of one sweep may differ.
OF_POINTS = (
    "from",
    "v_hack",
    "env.problems.without",
    "trainer.total_training_steps",
    "trainer.save_freq",
    "trainer.resume_from_path",
)
# Of the longest run: what limits.train_s leaves between runs of equal length on one machine.
STEPS_APART = 0.1


def refuse_mixture(facts: dict[Run, dict[str, str]]) -> None:
    """All runs share all facts."""
    differing = []
    for key in next(iter(facts.values())):
        holders = defaultdict(list)
        for run, known in facts.items():
            holders[known[key]].append(run.path.name)
        if len(holders) > 1:
            values = [f"{value}: {', '.join(names)}" for value, names in holders.items()]
            differing.append(f"{key} differs ({'; '.join(values)})")
    if differing:
        raise _apart(next(iter(facts)), "; ".join(differing))


def refuse_mixed_arms(runs: list[Run]) -> None:
    """Seeds of an arm are pooled: each counts once, and what the arm is may not differ."""
    first: dict[str, Run] = {}
    known: dict[tuple[str, int], Run] = {}
    for run in runs:
        twin = known.setdefault((run.arm, run.seed), run)
        if twin is not run:
            raise Refusal(
                f"{twin.path} and {run.path} are one arm with one seed: "
                "move one of them out of the folder"
            )
        other = first.setdefault(run.arm, run)
        if differing := differing_within_an_arm(differing_config(other, run)):
            raise Refusal(
                f"{other.name} and {run.name} are one arm but were configured differently: "
                f"{first_five(differing)}. Rename an arm"
            )


def refuse_uneven_training(runs: list[Run], steps: dict[Run, int]) -> None:
    """steps: run -> training steps."""
    own = {run: steps[run] for run in runs}
    fewest, most = min(own.values()), max(own.values())
    if most - fewest > STEPS_APART * most:
        counts = [f"{run.path.name} {n}" for run, n in own.items()]
        raise _apart(runs[0], f"training steps differ ({', '.join(counts)})")


def refuse_unexplained(runs: list[Run]) -> None:
    """Arms differ in what defines them and in nothing else."""
    first = {run.arm: run for run in reversed(runs)}
    for run in first.values():
        differing = unexplained(differing_config(runs[0], run))
        if differing:
            names = f"{runs[0].path.name} and {run.path.name}"
            raise _apart(
                runs[0], f"their arms do not explain {first_five(differing)} between {names}"
            )


def refuse_unlike_points(facts: dict[Run, dict[str, str]]) -> None:
    """Groups of one table differ in the state that they start from, and in what belongs to it."""
    refuse_mixture({run: {**known, "start": "any"} for run, known in facts.items()})
    first: dict[str, Run] = {}
    for run in facts:
        other = first.setdefault(run.arm, run)
        if other.group == run.group:
            continue
        differing = differing_within_an_arm(differing_config(other, run))
        unlike = {key: values for key, values in differing.items() if key not in OF_POINTS}
        if unlike:
            raise _apart(run, f"{other.name} and {run.name} differ in {first_five(unlike)}")


def _apart(run: Run, differing: str) -> Refusal:
    return Refusal(
        f"runs of {run.group} cannot be compared: {differing}. Keep them in groups of their own"
    )
