"""Where two runs part: in their settings, in a metric, in a response.

    python -m projected_grpo.report.diff RUN_A RUN_B

Settings: each that differs, but the runs' own seeds, names and folders. Metrics: those of the first
step at which any differs, clocks and memory aside. Rollouts: the first step at which a response
differs, how many do, and the first of them from the character on at which it parts.
"""

import re
import sys
from pathlib import Path

import polars as pl
from tabulate import tabulate

from projected_grpo import cli, runs
from projected_grpo.cli import argument, option
from projected_grpo.report.diagnostics import logged
from projected_grpo.report.differences import differing_config
from projected_grpo.rollouts.schema import read, step_files
from projected_grpo.runs.run import Run

# Of the machine and the hour, not of what a run learns.
CLOCKS = re.compile(r"(^|/)(timing_\w+|perf|global_seqlen)/|/seconds$")
# What names a prompt of a step.
PROMPT = ("problem_id", "test_func_name")
SNIPPET = 60


@cli.settings
class Settings:
    run_a: str = argument("name or path of a run")
    run_b: str = argument("name or path of the other")
    n: int = option("rows of a table", 20, least=1)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    a, b = runs.resolve(settings.run_a), runs.resolve(settings.run_b)
    print("\n\n".join((configs(a, b, settings.n), metrics(a, b, settings.n), rollouts(a, b))))


def configs(a: Run, b: Run, n: int) -> str:
    """Each setting that differs, with both values."""
    rows = [(key, *values) for key, values in differing_config(a, b).items()]
    return _table("settings", rows, a, b, n)


def metrics(a: Run, b: Run, n: int) -> str:
    """Those of the first step at which any differs, the largest difference first."""
    left, right = dict(logged(a)), dict(logged(b))
    common = sorted(left.keys() & right.keys())
    for step in common:
        rows = _differing_metrics(left[step], right[step])
        if rows:
            return _table(f"metrics at step {step}, the first to differ", rows, a, b, n)
    return f"metrics: equal at each of {len(common)} steps"


def rollouts(a: Run, b: Run) -> str:
    """The first step at which a response differs, and where the first of them parts."""
    left, right = step_files(a.path), step_files(b.path)
    common = sorted(left.keys() & right.keys())
    for step in common:
        said = _differing_responses(_responses(left[step]), _responses(right[step]))
        if said:
            return f"rollouts at step {step}, the first to differ: {said}"
    return f"rollouts: equal at each of {len(common)} steps"


def _differing_metrics(left: dict, right: dict) -> list[tuple]:
    """(name, a's value, b's value) by falling relative difference; "-" where one lacks it."""
    rows = []
    for name in left.keys() | right.keys():
        one, other = left.get(name, "-"), right.get(name, "-")
        if one != other and not CLOCKS.search(name):
            rows.append((name, one, other))
    return sorted(rows, key=lambda row: (-_apart(*row[1:]), row[0]))


def _apart(one: object, other: object) -> float:
    """Relative difference, from 0 to 2; the largest where one is no number."""
    if not all(isinstance(value, int | float) for value in (one, other)):
        return 2.0
    return abs(one - other) / max(abs(one), abs(other))


def _responses(file: Path) -> pl.DataFrame:
    """A row a sample, its place among the samples of its prompt in `nth`."""
    rows = read(file, (*PROMPT, "response"))
    return rows.with_columns(nth=pl.int_range(pl.len()).over(PROMPT))


def _differing_responses(left: pl.DataFrame, right: pl.DataFrame) -> str:
    """Empty where all are equal. A prompt that one run alone has is said instead of responses."""
    alone = left.join(right, on=PROMPT, how="anti")
    if len(alone):
        return f"other prompts, {len(alone)} of {len(left)} samples"
    both = left.join(right, on=(*PROMPT, "nth"), suffix="_b", maintain_order="left")
    differing = both.filter(pl.col("response") != pl.col("response_b"))
    if differing.is_empty():
        return ""
    row = differing.row(0, named=True)
    one, other = row["response"], row["response_b"]
    at = _parting(one, other)
    return (
        f"{len(differing)} of {len(both)} responses; that to {row['problem_id']} "
        f"({row['test_func_name']}) from character {at} on:\n"
        f"  a {one[at : at + SNIPPET]!r}\n  b {other[at : at + SNIPPET]!r}"
    )


def _parting(one: str, other: str) -> int:
    """The first index at which two different texts differ."""
    shorter = min(len(one), len(other))
    return next((i for i in range(shorter) if one[i] != other[i]), shorter)


def _table(title: str, rows: list[tuple], a: Run, b: Run, n: int) -> str:
    if not rows:
        return f"{title}: equal"
    more = f"\n({len(rows) - n} more: n={len(rows)})" if len(rows) > n else ""
    headers = ("", f"a: {a.name}", f"b: {b.name}")
    # All digits, so that a difference in the last one is seen.
    table = tabulate(rows[:n], headers=headers, disable_numparse=True)
    return f"{title}: {len(rows)} differ\n{table}{more}"


if __name__ == "__main__":
    main(sys.argv[1:])
