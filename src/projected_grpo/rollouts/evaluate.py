"""Evaluate a run again: `python -m projected_grpo.rollouts.evaluate RUN [n=4]`. See evaluation.py.

Writes eval.parquet into the run folder and prints its rates.
"""

from pathlib import Path

from projected_grpo import console, runs
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.interventions import arms
from projected_grpo.rollouts.evaluation import evaluate, table


def main(argv: list[str]) -> None:
    name, options = arguments(argv, "RUN", {"n": "", "outputs": "outputs"})
    if name is None:
        raise Refusal("name a run: just eval RUN")
    run = runs.resolve(name, Path(options["outputs"]))
    console.log_to(run.path / "log.txt")
    n = whole_number("n", options["n"], 1) if options["n"] else None
    interventions = arms.parse(run.config["arm"]).interventions
    evaluated = evaluate(run, n, chat=lambda chat: interventions.prompt(chat, evaluation=True))
    console.say(table(evaluated))


if __name__ == "__main__":
    console.command(main)
