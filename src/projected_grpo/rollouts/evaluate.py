"""Evaluate a run's final weights again: eval.parquet in its folder, and its rates."""

from pathlib import Path

from projected_grpo import cli, console, runs
from projected_grpo.cli import argument, option
from projected_grpo.fast.prefork.parent import end_with_parent
from projected_grpo.interventions import arms
from projected_grpo.rollouts.evaluation import evaluate, table


@cli.settings
class Settings:
    run: str = argument("name or path of a run")
    n: int | None = option("samples of a prompt, as in the run where none", None, least=1)
    outputs: Path = option("where runs are looked for by name", Path("outputs"))


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    run = runs.resolve(settings.run, settings.outputs)
    console.log_to(run.path / "log.txt")
    interventions = arms.parse(run.config["arm"]).interventions
    evaluated = evaluate(
        run, settings.n, chat=lambda chat: interventions.prompt(chat, evaluation=True)
    )
    console.say(table(evaluated))


if __name__ == "__main__":
    end_with_parent()
    console.command(main)
