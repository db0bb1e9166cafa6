"""Makes the frozen evaluation sets: ids and content hashes, nothing of the problems.

A problem is used where its canonical solution earns Correct. frozen: the medium and hard ones of a
file with three tests or more. solvable: those that a model solves at certain rates
(problems/evaluation_sets.py), none of or near the frozen ones; rates: its graded samples, no
loophole in their prompts, MIN_SAMPLES or more a problem. The lists stand in problems/.
"""

import json
import sys
from pathlib import Path

import polars as pl

from projected_grpo import cli, loopholes
from projected_grpo.cli import Refusal, option
from projected_grpo.grader import Grader
from projected_grpo.loopholes import CLEAN, TRAIN_NAME
from projected_grpo.problems import Problem, evaluation_sets, leetcode
from projected_grpo.rollouts import schema

MIN_SAMPLES = 8


@cli.settings
class Settings:
    frozen: Path | None = option("file of problems for the frozen set", None)
    solvable: tuple[str, ...] = option("files of problems for the solvable set", ())
    rates: Path | None = option("for solvable=: graded samples, a parquet", None)


def answer(problem: Problem) -> tuple[Problem, str, str, str]:
    """What Grader.grade takes: the canonical solution, without a loophole."""
    return problem, f"```python\n{problem.canonical}\n```", CLEAN.name, TRAIN_NAME


def correct(problems: list[Problem]) -> list[Problem]:
    """Those whose canonical solution earns Correct; the others are printed."""
    with Grader(2) as grader:
        graded = grader.grade_many([answer(problem) for problem in problems], progress=True)
    kept = []
    for problem, verdict in zip(problems, graded, strict=True):
        if verdict.label == "Correct":
            kept.append(problem)
        else:
            facts = verdict.facts
            print(f"{problem.id}: canonical passes {facts.n_passed} of {facts.n_tests}")
    return kept


def rates(file: Path) -> dict[str, float]:
    """Problem id -> share of right samples, of the problems with MIN_SAMPLES or more."""
    samples = schema.read(file, ["problem_id", "loophole", "gt_pass"])
    # Where own tests pay, a sample says less of what the model can do.
    plain = [name for name in loopholes.NAMES if not loopholes.get(name).calls_own_tests]
    clean = samples.filter(pl.col("loophole").is_in(plain))
    groups = clean.group_by("problem_id").agg(pl.len(), pl.col("gt_pass").mean())
    enough = groups.filter(pl.col("len") >= MIN_SAMPLES)
    return dict(zip(enough["problem_id"], enough["gt_pass"], strict=True))


def write(name: str, problems: list[Problem]) -> None:
    listed = {problem.id: problem.hash for problem in problems}
    evaluation_sets.SETS[name].write_text(json.dumps(listed, indent=0) + "\n")
    print(f"{name}: {len(listed)} problems")


settings = cli.read(Settings, sys.argv[1:])
if settings.frozen:
    every, tally = leetcode.read_problems(path=settings.frozen)
    print(tally)
    harder = [p for p in every if p.difficulty in ("medium", "hard") and len(p.tests) >= 3]
    write("frozen", correct(harder))
elif settings.solvable and settings.rates:
    every, tally = leetcode.read_problems(path=settings.solvable)
    print(tally)
    chosen = correct(evaluation_sets.solvable(every, rates(settings.rates)))
    if len(chosen) < evaluation_sets.SOLVABLE:
        raise Refusal(
            f"only {len(chosen)} problems are solved at such rates, each in {MIN_SAMPLES} or more"
            f" samples under {CLEAN.name}; sample more problems"
        )
    write("solvable", chosen)
else:
    raise Refusal("give frozen=FILE, or solvable=FILE,FILE rates=GRADED.parquet")
