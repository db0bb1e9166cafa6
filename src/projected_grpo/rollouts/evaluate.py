"""Evaluate a run again: `python -m projected_grpo.rollouts.evaluate RUN [n=4]`. See evaluation.py.

Writes eval.parquet into the run folder and prints its rates.
"""

import sys
from pathlib import Path

import polars as pl

from projected_grpo import runs
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.interventions import arms
from projected_grpo.rollouts.evaluation import evaluate


def main(argv: list[str]) -> None:
    name, options = arguments(argv, "RUN", {"n": "", "outputs": "outputs"})
    if name is None:
        raise Refusal("name a run: just eval RUN")
    run = runs.resolve(name, Path(options["outputs"]))
    n = whole_number("n", options["n"], 1) if options["n"] else None
    rates = pl.col("blatant", "strict", "loose", "gt_pass").mean()
    interventions = arms.parse(run.config["arm"]).interventions
    evaluated = evaluate(run, n, chat=lambda chat: interventions.prompt(chat, evaluation=True))
    print(evaluated.group_by("loophole").agg(pl.len(), rates).sort("loophole"))


if __name__ == "__main__":
    main(sys.argv[1:])
