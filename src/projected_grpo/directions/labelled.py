"""Which rollouts are hacks and which are clean, for every direction and column recipe.

A *hack* is blatant, strict or loose, as chosen, and where kinds of test functions are named its own
is one of them. A *clean* sample is labelled Correct or Incorrect: it defines no harmful tests. A
rollout that is neither (an attempt, a hack of another kind) or that has an empty response is left
out.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import polars as pl
from jaxtyping import Int
from torch import Tensor

from projected_grpo.cli import Refusal
from projected_grpo.rollouts.schema import read

CLEAN = ("Correct", "Incorrect")
HACKS = ("blatant", "strict", "loose")
# What older rollouts say, and what the grader has since told apart.
OLDER, APART = "vacuous", {"empty", "prints"}


def read_rollouts(source: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    """`columns` of a rollouts parquet or of all in a folder, a row a sample. Raises Refusal.

    prompt: what a response is teacher-forced under, the plain one also where it was elicited.
    """
    files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    if not files:
        raise Refusal(f"no rollouts in {source}: no parquet file there")
    return pl.concat([_read(file, columns) for file in files])


def _read(file: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    table = read(file, columns)
    if "prompt" not in columns or "plain_prompt" not in pl.read_parquet_schema(file):
        return table
    plain = pl.read_parquet(file, columns=["plain_prompt"])["plain_prompt"]
    # Training's rollouts have none: theirs is the prompt itself.
    return table.with_columns(prompt=pl.coalesce(plain, "prompt"))


def label(
    rollouts: pl.DataFrame,
    hack: Literal["blatant", "strict", "loose"] = "blatant",
    kinds: Sequence[str] | None = None,
) -> pl.DataFrame:
    """The rows that are a hack or clean, in their order, with a Boolean column `hack`.

    rollouts: columns response, label, the one that `hack` names, and `kind` where kinds are given.
    kinds: of a hack's test function (`schema.KINDS`), "vacuous" for empty or prints; None: any.
    Raises Refusal where they cannot be told apart.
    """
    is_hack = pl.col(hack)
    if kinds is not None:
        is_hack = is_hack & pl.col("kind").is_in(_matching(rollouts, kinds))
    has_response = pl.col("response").str.len_bytes() > 0
    is_clean = pl.col("label").is_in(CLEAN)
    return rollouts.with_columns(hack=is_hack).filter((pl.col("hack") | is_clean) & has_response)


def _matching(rollouts: pl.DataFrame, kinds: Sequence[str]) -> set[str]:
    """What the column `kind` may hold where a test function is of one of `kinds`."""
    matching = set(kinds)
    if OLDER in matching or APART <= matching:
        return matching | {OLDER} | APART
    if APART & matching and OLDER in rollouts["kind"]:
        raise Refusal(
            f"kinds={','.join(kinds)}: these rollouts say {OLDER} for empty and prints alike; "
            "name both, or grade them again"
        )
    return matching


def numbered(names: pl.Series) -> Int[Tensor, " n"]:
    """0, 1, ... for each distinct name, in the order of names."""
    return (names.rank("dense").cast(pl.Int64) - 1).to_torch()
