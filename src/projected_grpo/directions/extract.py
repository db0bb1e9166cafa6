"""v_hack of a model: sample and label rollouts (or take a run's), then `directions`.

`python -m projected_grpo.directions.extract RUN_OR_MODEL out=FOLDER [n=8] [elicit=true] ...`. A run gives its own training rollouts, teacher-forced through the model
that it started from. A model that hardly hacks is asked to (elicit=true, an inoculation-style prompt) and then teacher-forced under the plain
prompt. FOLDER gets rollouts.parquet, v_hack.safetensors, v_hack.json and the controls; with v_hack=false the rollouts alone.
"""

import sys
from pathlib import Path

import polars as pl

from projected_grpo import models, problems, runs
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.directions import residual
from projected_grpo.loopholes.base import TRAIN_NAME
from projected_grpo.rollouts.generate import Request, Sampling, generate
from projected_grpo.rollouts.label import grade

OWN = {
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
}


def sample(folder: Path, options: dict[str, str]) -> pl.DataFrame:
    """Labelled rollouts of a model on the training problems; elicited ones are joined by as many plain ones, which give the clean side."""
    chosen = {key: options[key] for key in ("path", "difficulty") if options[key]}
    if options["limit"]:
        chosen |= {
            "limit": whole_number("limit", options["limit"], 1),
            "seed": int(options["seed"]),
        }
    found = problems.load(options["source"], split="train", **chosen)
    ways = (False, True) if options["elicit"] == "true" else (False,)
    requests = [
        Request(p, options["loophole"], TRAIN_NAME, elicit) for p in found for elicit in ways
    ]
    sampling = Sampling(
        n=whole_number("n", options["n"], 1),
        temperature=float(options["temperature"]),
        top_p=1.0,
        max_tokens=whole_number("max_tokens", options["max_tokens"], 1),
        seed=int(options["seed"]),
    )
    return grade(
        generate(folder, requests, sampling, folder.name, "extract"), {p.id: p for p in found}
    )


def main(argv: list[str]) -> None:
    name, options = arguments(argv, "RUN_OR_MODEL", OWN | {k: "" for k in residual.DEFAULTS})
    if name is None or not options["out"]:
        raise Refusal("just extract RUN_OR_MODEL out=FOLDER [n=8] [elicit=true]")
    out = Path(options["out"])
    told = [f"{key}={options[key]}" for key in residual.DEFAULTS if options[key]]
    if name not in models.MODELS and not (Path(name) / "config.json").is_file():
        run = runs.resolve(name, Path(options["outputs"]))
        start = run.config["actor_rollout_ref"]["model"]["path"]
        warm = str(run.manifest["warm_started"]).lower()
        residual.main(
            [
                start,
                str(run.path / "rollouts"),
                str(out),
                "origin=earlier_run",
                f"warm_started={warm}",
                *told,
            ]
        )
        return
    folder = models.resolve(name)
    rollouts = sample(folder, options)
    out.mkdir(parents=True, exist_ok=True)
    rollouts.write_parquet(out / "rollouts.parquet")
    print(rollouts.group_by("label", "kind").len().sort("len", descending=True))
    if options["v_hack"] == "false":
        return
    origin = "elicited" if options["elicit"] == "true" else "on-policy"
    warm = str((folder / "taught.json").exists()).lower()
    residual.main(
        [
            str(folder),
            str(out / "rollouts.parquet"),
            str(out),
            f"origin={origin}",
            f"warm_started={warm}",
            *told,
        ]
    )


if __name__ == "__main__":
    main(sys.argv[1:])
