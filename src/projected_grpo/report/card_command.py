"""A run's final weights with a model card, README.md, as the hub takes a folder of them.

The weights are safetensors in the hub's layout: RUN/ckpt, which gets the card, or a copy in out=.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from projected_grpo import cli, runs
from projected_grpo.cli import Refusal, argument, option
from projected_grpo.report.card import card
from projected_grpo.runs.files import write_atomic
from projected_grpo.runs.run import Run

CARD = "README.md"


@cli.settings
class Settings:
    run: str = argument("name or path of a finished run")
    out: Path | None = option("a new folder for a copy of the weights and the card", None)
    outputs: Path = option("where runs are looked for by name", Path("outputs"))


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    run = runs.resolve(settings.run, settings.outputs)
    refuse_incomplete(run)
    weights = run.path / "ckpt"
    text = str(card(run))
    if settings.out is None:
        write_atomic(weights / CARD, text)
    elif settings.out.exists():
        raise Refusal(f"{settings.out} exists: name a new folder, or remove it")
    else:
        settings.out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.out.parent) as scratch:
            copy = shutil.copytree(weights, Path(scratch) / "weights")
            (copy / CARD).write_text(text)
            copy.rename(settings.out)
    print(f"{run.name}: weights and card in {settings.out or weights}")


def refuse_incomplete(run: Run) -> None:
    """A card is of a finished run that was evaluated and has its weights."""
    status = run.manifest["status"]
    if status != "done":
        raise Refusal(f"{run.name} is no finished run ({status}): let it end, or name another")
    if not list((run.path / "ckpt").glob("*.safetensors")):
        raise Refusal(f"{run.name} has no weights in ckpt/: name a run that kept them")
    if not (run.path / "eval.parquet").exists():
        raise Refusal(f"{run.name} was not evaluated: just eval {run.name}, and then its card")


if __name__ == "__main__":
    main(sys.argv[1:])
