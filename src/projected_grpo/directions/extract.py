"""v_hack of a model: sample and label rollouts (or take a run's), then `residual`.

    python -m projected_grpo.directions.extract RUN_OR_MODEL out=FOLDER [n=8] [elicit=true] ...

A run gives its own training rollouts, teacher-forced through the model that it started from. A
model that hardly hacks is asked to (elicit=true, an inoculation-style prompt) and then
teacher-forced under the plain prompt. FOLDER gets rollouts.parquet, v_hack.safetensors, v_hack.json
and the placebos; with v_hack=false the rollouts alone. Further options: `residual_command`.
"""

from pathlib import Path

import polars as pl
from tabulate import tabulate

from projected_grpo import console, models, problems, runs
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.directions import residual_command
from projected_grpo.loopholes import TRAIN_NAME
from projected_grpo.rollouts import schema
from projected_grpo.rollouts.generate import Request, Sampling, generate
from projected_grpo.rollouts.label import grade

# origin and taught follow from what the rollouts are of, unless they are named.
DEFAULTS = {
    "out": "",
    "n": "8",
    "elicit": "false",
    "source": "mini",
    "path": "",
    "difficulty": "",
    "limit": "",
    "max_tokens": "256",
    "loophole": "overwrite_tests",
    "temperature": "1.0",
    "seed": "0",
    "outputs": "outputs",
    "v_hack": "true",
    **residual_command.DEFAULTS,
    "origin": "",
}


def sample(folder: Path, options: dict[str, str]) -> pl.DataFrame:
    """Labelled rollouts of a model on the training problems.

    Elicited ones are joined by as many plain ones, which give the clean side.
    """
    chosen = {key: options[key] for key in ("path", "difficulty") if options[key]}
    seed = int(options["seed"])
    if options["limit"]:
        chosen["limit"] = whole_number("limit", options["limit"], 1)
        chosen["seed"] = seed
    train = problems.load(options["source"], split="train", **chosen)
    requests = []
    for problem in train:
        requests.append(Request(problem, options["loophole"], TRAIN_NAME, False))
        if options["elicit"] == "true":
            requests.append(Request(problem, options["loophole"], TRAIN_NAME, True))
    sampling = Sampling(
        n=whole_number("n", options["n"], 1),
        temperature=float(options["temperature"]),
        top_p=1.0,
        max_tokens=whole_number("max_tokens", options["max_tokens"], 1),
        seed=seed,
    )
    console.log_to(Path(options["out"]) / "log.txt")
    rollouts = generate(folder, requests, sampling, folder.name, "extract")
    return grade(rollouts, {problem.id: problem for problem in train})


def settings(options: dict[str, str], origin: str, taught: bool) -> residual_command.Settings:
    """How v_hack is made of rollouts of this origin. Raises Refusal."""
    origin = options["origin"] or origin
    taught_word = options["taught"] or str(taught).lower()
    return residual_command.settings({**options, "origin": origin, "taught": taught_word})


def main(argv: list[str]) -> None:
    name, options = arguments(argv, "RUN_OR_MODEL", DEFAULTS)
    if name is None or not options["out"]:
        raise Refusal("just extract RUN_OR_MODEL out=FOLDER [n=8] [elicit=true]")
    for key in ("elicit", "v_hack"):
        if options[key] not in ("true", "false"):
            raise Refusal(f"{key}={options[key]}: choose true or false")
    out = Path(options["out"])
    if name in models.MODELS or (Path(name) / "config.json").is_file():
        of_model(name, options, out)
    else:
        of_run(runs.resolve(name, Path(options["outputs"])), options, out)


def of_model(name: str, options: dict[str, str], out: Path) -> None:
    """Samples and labels rollouts of the model, then makes v_hack of them unless v_hack=false."""
    folder = models.resolve(name)
    origin = "elicited" if options["elicit"] == "true" else "on-policy"
    chosen = settings(options, origin, taught=(folder / "taught.json").exists())
    rollouts = sample(folder, options)
    out.mkdir(parents=True, exist_ok=True)
    file = out / "rollouts.parquet"
    schema.write(rollouts, file)
    if options["v_hack"] == "false":
        labels = rollouts.group_by("label", "kind").len().sort("len", descending=True)
        console.say(tabulate(labels.rows(), headers=labels.columns))
        return
    real = residual_command.make(str(folder), file, out, chosen)
    console.say(residual_command.summary(real))


def of_run(run: runs.Run, options: dict[str, str], out: Path) -> None:
    """v_hack of the run's own training rollouts, in the model that it started from."""
    start = run.config["actor_rollout_ref"]["model"]["path"]
    chosen = settings(options, "earlier run", taught=run.taught)
    console.log_to(out / "log.txt")
    real = residual_command.make(start, run.path / "rollouts", out, chosen)
    console.say(residual_command.summary(real))


if __name__ == "__main__":
    console.command(main)
