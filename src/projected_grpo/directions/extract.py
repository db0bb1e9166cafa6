"""v_hack of a model: sample and label rollouts (or take a run's), then `residual`.

A run gives its own training rollouts, teacher-forced through the model that it started from. A
model that hardly hacks is asked to (elicit=true, an inoculation-style prompt) and then
teacher-forced under the plain prompt. The folder gets rollouts.parquet, v_hack.safetensors,
v_hack.json and the placebos.
"""

from dataclasses import fields
from pathlib import Path

import polars as pl
from tabulate import tabulate

from projected_grpo import cli, console, loopholes, models, problems, runs
from projected_grpo.cli import Refusal, argument, option
from projected_grpo.directions import residual_command
from projected_grpo.loopholes import TRAIN_NAME
from projected_grpo.problems.problem import DIFFICULTIES
from projected_grpo.problems.sources import SOURCES
from projected_grpo.rollouts import schema
from projected_grpo.rollouts.generate import Request, Sampling, generate
from projected_grpo.rollouts.label import grade

LEVELS = DIFFICULTIES


@cli.settings
class Sampled:
    """What is sampled of a model. A run has its rollouts."""

    n: int = option("samples of a prompt", 8, least=1)
    elicit: bool = option("ask for the hack, in as many more samples", False)
    source: str = option("of problems", "mini", choices=SOURCES)
    path: str | None = option("their file, for source=leetcode", None)
    difficulty: tuple[str, ...] | None = option("of problems", None, choices=LEVELS, none="any")
    limit: int | None = option("so many problems, drawn", None, least=1, none="all")
    max_tokens: int = option("of a response", 256, least=1)
    loophole: str = option("in the prompt", "overwrite_tests", choices=loopholes.NAMES)
    temperature: float = option("of sampling", 1.0, least=0)
    seed: int = option("of sampling and of the problems drawn", 0, least=0)
    v_hack: bool = option("false: the rollouts alone", True)


@cli.settings
class Settings(residual_command.Direction, Sampled):
    run_or_model: str = argument("name or path of a run, or name or folder of a model")
    out: Path = option("folder of what is made")
    outputs: Path = option("where runs are looked for by name", Path("outputs"))


def sample(folder: Path, by: Sampled) -> pl.DataFrame:
    """Labelled rollouts of a model on the training problems.

    Elicited ones are joined by as many plain ones, which give the clean side.
    """
    chosen = {}
    if by.path:
        chosen["path"] = by.path
    if by.limit:
        chosen |= {"limit": by.limit, "seed": by.seed}
    train = problems.load(by.source, split="train", difficulty=by.difficulty, **chosen)
    requests = []
    for problem in train:
        requests.append(Request(problem, by.loophole, TRAIN_NAME, False))
        if by.elicit:
            requests.append(Request(problem, by.loophole, TRAIN_NAME, True))
    sampling = Sampling(
        n=by.n, temperature=by.temperature, top_p=1.0, max_tokens=by.max_tokens, seed=by.seed
    )
    rollouts = generate(folder, requests, sampling, folder.name, "extract")
    return grade(rollouts, {problem.id: problem for problem in train})


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    name = settings.run_or_model
    if name in models.MODELS or (Path(name) / "config.json").is_file():
        of_model(settings)
        return
    run = runs.resolve(name, settings.outputs)
    given = cli.given(Settings, argv)
    if sampled := [f.name for f in fields(Sampled) if f.name in given]:
        raise Refusal(f"{sampled[0]}= is for a model: {run.name} is a run and has its rollouts")
    of_run(run, settings)


def of_model(settings: Settings) -> None:
    """Samples and labels rollouts of the model, then makes v_hack of them unless v_hack=false."""
    folder, out = models.resolve(settings.run_or_model), settings.out
    console.log_to(out / "log.txt")
    rollouts = sample(folder, settings)
    out.mkdir(parents=True, exist_ok=True)
    file = out / "rollouts.parquet"
    schema.write(rollouts, file)
    if not settings.v_hack:
        labels = rollouts.group_by("label", "kind").len().sort("len", descending=True)
        console.say(tabulate(labels.rows(), headers=labels.columns))
        return
    origin = "elicited" if settings.elicit else "on-policy"
    taught = (folder / "taught.json").exists()
    chosen = residual_command.decided(settings, origin, taught)
    real = residual_command.make(str(folder), file, out, chosen)
    console.say(residual_command.summary(real))


def of_run(run: runs.Run, settings: Settings) -> None:
    """v_hack of the run's own training rollouts, in the model that it started from."""
    start = run.config["actor_rollout_ref"]["model"]["path"]
    chosen = residual_command.decided(settings, "earlier_run", run.taught)
    console.log_to(settings.out / "log.txt")
    real = residual_command.make(start, run.path / "rollouts", settings.out, chosen)
    console.say(residual_command.summary(real))


if __name__ == "__main__":
    console.command(main)
