"""Read rollouts of a run in a terminal: rates of hacks, counts of labels, and the newest rows."""

import sys
from pathlib import Path

import polars as pl
from rich.console import Console
from tabulate import tabulate

from projected_grpo import cli, runs
from projected_grpo.cli import Refusal, argument, option
from projected_grpo.loopholes.facts import BESIDE_LABELS
from projected_grpo.rollouts.colours import coloured
from projected_grpo.rollouts.schema import read, step_files

SHOWN = (
    "step",
    "problem_id",
    "loophole",
    "test_func_name",
    "label",
    "kind",
    "blatant",
    "strict",
    "loose",
    "reward",
    "n_tokens",
    "finish",
    "response",
    *BESIDE_LABELS,
)

RATES = ("blatant", "strict", "loose")


@cli.settings
class Settings:
    run: str = argument("name or path of a run, or a rollouts parquet")
    label: str | None = option("show rows of this one, upper or lower case", None)
    step: str | None = option("a training step, or eval; all training steps where none", None)
    n: int = option("rows that are shown, the newest first", 5, least=1)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    rollouts = pl.concat([read(file, SHOWN) for file in files(settings.run, settings.step)])
    steps = rollouts["step"]
    print(f"{settings.run}: {len(rollouts)} rollouts, steps {steps.min()} to {steps.max()}")
    print(summary(rollouts))
    print(counts_table(rollouts))
    if settings.label:
        rollouts = only(rollouts, settings.label)
    newest = rollouts.sort("step", descending=True, maintain_order=True).head(settings.n)
    # Colours on a terminal, plain text elsewhere.
    console = Console(soft_wrap=True)
    for row in newest.to_dicts():
        console.print(f"\n{headline(row)}", style="bold", markup=False, highlight=False)
        console.print(coloured(row["response"].rstrip(), row["test_func_name"]))


def files(name: str, step: str | None) -> list[Path]:
    """The parquet files that `name` and `step` ask for. Raises Refusal where there are none."""
    if name.endswith(".parquet"):
        return [Path(name)]
    run = runs.resolve(name)
    if step == "eval":
        return [run.path / "eval.parquet"]
    by_step = step_files(run.path)
    if not by_step:
        raise Refusal(f"{run.name} has no rollouts yet: wait for its first step")
    if step is None:
        return [by_step[key] for key in sorted(by_step)]
    if not step.isdecimal() or int(step) not in by_step:
        present = f"{min(by_step)} to {max(by_step)}, and eval"
        raise Refusal(f"{run.name} has no rollouts of step {step}: it has {present}")
    return [by_step[int(step)]]


def summary(rollouts: pl.DataFrame) -> str:
    """Rates of hacks, and what is counted beside labels as far as the rollouts say."""
    parts = [f"{rate} {rollouts[rate].mean():.1%}" for rate in RATES]
    known = [name for name in BESIDE_LABELS if not rollouts[name].is_null().all()]
    return ", ".join(parts + [f"{name} {rollouts[name].sum()}" for name in known])


def counts_table(rollouts: pl.DataFrame) -> str:
    """How many rollouts have each label, the most frequent first."""
    rows = []
    for label, count in rollouts["label"].value_counts(sort=True).iter_rows():
        rows.append((label, count, f"{count / len(rollouts):.1%}"))
    return tabulate(
        rows, headers=("label", "rollouts", "share"), colalign=("left", "right", "right")
    )


def only(rollouts: pl.DataFrame, label: str) -> pl.DataFrame:
    """The rows of one label, upper or lower case. Raises Refusal with the labels that occur."""
    rows = rollouts.filter(pl.col("label").str.to_lowercase() == label.lower())
    if rows.is_empty():
        counts = rollouts["label"].value_counts(sort=True).iter_rows()
        present = ", ".join(f"{name} ({count})" for name, count in counts)
        raise Refusal(f"no rollouts with label {label!r}: there are {present}")
    return rows


def headline(row: dict) -> str:
    """What is known of one rollout, in a line."""
    facts = (
        f"step {row['step']}",
        row["problem_id"],
        f"{row['loophole']}:{row['test_func_name']}",
        row["label"],
        f"kind {row['kind']}",
        f"reward {row['reward']:g}",
        f"{row['n_tokens']} tokens, {row['finish']}",
    )
    return "── " + " · ".join(facts)


if __name__ == "__main__":
    main(sys.argv[1:])
