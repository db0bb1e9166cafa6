"""Read rollouts of a run in a terminal: `python -m projected_grpo.rollouts.show RUN [label=...] [step=...] [n=5]`.

RUN is a run's path or name, or a rollouts parquet. step is a training step or `eval`; without it every training step is
read and the newest come first. The label counts are always printed.
"""

import sys
from pathlib import Path

import polars as pl
from tabulate import tabulate

from projected_grpo import runs
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.rollouts.schema import read, step_files

SHOWN = (
    "step",
    "problem_id",
    "loophole",
    "test_func_name",
    "label",
    "kind",
    "reward",
    "n_tokens",
    "finish",
    "response",
)


def main(argv: list[str]) -> None:
    name, options = arguments(argv, "RUN", {"label": "", "step": "", "n": "5"})
    if name is None:
        raise Refusal("no run named: expected RUN [label=...] [step=...] [n=5]")
    n = whole_number("n", options["n"], least=1)
    frame = pl.concat([read(file, SHOWN) for file in files(name, options["step"])])
    counts = frame["label"].value_counts(sort=True)
    print(f"{name}: {len(frame)} rollouts, steps {frame['step'].min()} to {frame['step'].max()}")
    rows = [
        (row["label"], row["count"], f"{row['count'] / len(frame):.1%}")
        for row in counts.to_dicts()
    ]
    print(
        tabulate(rows, headers=("label", "rollouts", "share"), colalign=("left", "right", "right"))
    )
    if options["label"]:
        frame = only(frame, options["label"])
    for row in frame.sort("step", descending=True, maintain_order=True).head(n).to_dicts():
        print("\n" + render(row))


def files(name: str, step: str) -> list[Path]:
    """The parquet files that `name` and `step` ask for. Raises Refusal where there are none."""
    if name.endswith(".parquet"):
        return [Path(name)]
    run = runs.resolve(name)
    if step == "eval":
        return [run.path / "eval.parquet"]
    found = step_files(run.path)
    if not found:
        raise Refusal(f"{run.name} has no rollouts yet")
    if step and whole_number("step", step, least=0) not in found:
        raise Refusal(
            f"{run.name} has no rollouts of step {step}: it has {min(found)} to {max(found)}, and eval"
        )
    return [found[int(step)]] if step else [found[key] for key in sorted(found)]


def only(frame: pl.DataFrame, label: str) -> pl.DataFrame:
    """The rows of one label, upper or lower case. Raises Refusal with the labels that occur."""
    rows = frame.filter(pl.col("label").str.to_lowercase() == label.lower())
    if rows.is_empty():
        counts = ", ".join(
            f"{row['label']} ({row['count']})"
            for row in frame["label"].value_counts(sort=True).to_dicts()
        )
        raise Refusal(f"no rollouts with label {label!r}: there are {counts}")
    return rows


def render(row: dict) -> str:
    """One rollout as text: a headline of facts, then the response as it was sampled."""
    facts = (
        f"step {row['step']}",
        row["problem_id"],
        f"{row['loophole']}:{row['test_func_name']}",
        row["label"],
        f"kind {row['kind']}",
        f"reward {row['reward']:g}",
        f"{row['n_tokens']} tokens, {row['finish']}",
    )
    return "── " + " · ".join(facts) + "\n" + row["response"].rstrip()


if __name__ == "__main__":
    main(sys.argv[1:])
